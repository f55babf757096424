"""Rules of scoring that no case file can reach, because reading one refuses it: the scorer holds to them all the same."""

from __future__ import annotations

from datetime import date

from scoring.case import Case, PeriodAnswers
from scoring.instrument import load
from scoring.score import harm_value_now, is_harm_present, score

ASSESSED = date(2026, 4, 1)


def person(born: date, history: dict[str, dict[str, int]]) -> Case:
    """Somebody with these adversity answers by period."""
    answers = {period: PeriodAnswers(adversity=values) for period, values in history.items()}
    return Case(label=None, born=born, assessed=ASSESSED, history=answers)


def test_what_stands_in_a_period_that_has_not_begun_counts_for_nothing() -> None:
    child = person(date(2019, 3, 14), {"adulthood": {"partner_violence": 3}})
    assert harm_value_now(child, "partner_violence", load()) is None
    assert not is_harm_present(child, "partner_violence", load())
    profile = score(child, load())
    assert "adulthood" not in profile.history
    assert profile.still_happening == ()


def test_the_same_answer_counts_once_the_period_has_begun() -> None:
    adult = person(date(1990, 3, 14), {"adulthood": {"partner_violence": 3}})
    assert harm_value_now(adult, "partner_violence", load()) == 3
    assert score(adult, load()).still_happening == ("partner_violence",)
