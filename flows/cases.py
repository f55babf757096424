"""Responses, flags and facts become a case: the one way to what is scored, exported and compared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flows.answers import Answers
from scoring.case import FACTS, SCHEMA, Case, case_from, completed_months
from scoring.instrument import Instrument


def case_json(
    *,
    label: str | None,
    born: date,
    assessed: date,
    answers: Answers,
    open_flags: Iterable[str],
    cleared_flags: Iterable[str] = (),
    no_contact: bool,
    instrument: Instrument,
    version: str | None = None,
) -> dict[str, Any]:
    """A `stemwise-case/1` object of one encounter.

    Parameters
    ----------
    answers : the clinician's; only these are scored
    version : of the instrument the answers were taken with, where that is not the installed one
    open_flags : ids of safety questions with an open flag, whoever raised it; cleared ones answer false
    """
    figures, value = instrument.figures, answers.value
    age = completed_months(born, assessed)
    raised, cleared = set(open_flags), set(cleared_flags)

    def safety(question: str) -> bool | None:
        if question in raised:
            return True
        if question in cleared:
            return False
        answer: bool | None = value(f"safety.{question}")
        return answer

    return {
        "schema": SCHEMA,
        "label": label,
        "born": born.isoformat(),
        "assessed": assessed.isoformat(),
        "instrument": {"id": instrument.id, "version": version or instrument.version},
        "facts": {name: value(f"facts.{name}") for name in FACTS},
        "weeks_early": value("weeks_early"),
        "history": {
            p.id: {
                "adversity": {f.id: value(f"history.{p.id}.adversity.{f.id}") for f in p.adversity},
                "relational": {r: value(f"history.{p.id}.relational.{r}") for r in p.relational},
            }
            for p in figures.periods
            if p.has_begun(age)
        },
        "still_happening": {h.id: value(f"still_happening.{h.id}") for h in figures.harm_factors},
        "no_contact": no_contact or None,
        "functions": {f.id: value(f"functions.{f.id}") for f in figures.functions},
        "set_aside": [item.removeprefix("functions.") for item in answers.set_aside],
        "relational_now": {r.id: value(f"relational_now.{r.id}") for r in figures.relational_now},
        "safety": {s.id: safety(s.id) for s in figures.safety},
    }


def case_of(instrument: Instrument, **parts: Any) -> Case:
    """`case_json`, read and checked as any case file is."""
    return case_from(case_json(instrument=instrument, **parts), instrument, file="encounter")
