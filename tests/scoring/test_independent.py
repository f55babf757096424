"""The product against a second implementation written from the rules alone (`independent`), on generated cases."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings

from scoring.case import read_case
from scoring.compare import compare, compare_json
from scoring.instrument import load
from scoring.result import Result, assess, profile_json
from tests.scoring import independent
from tests.scoring.independent import BOTTOM_UP, FIGURES, TIERS, differences
from tests.scoring.strategies import Recipe, cases, later_case, make_case, pairs, random_recipe

IN_EVERY_RUN = 400
AT_LENGTH = 8_000


def result_of(case: dict[str, Any]) -> Result:
    """The product's result, through the text of a file as a user would give it."""
    return assess(read_case(json.dumps(case).encode(), load()), load())


def seeded(count: int, seed: int) -> list[Recipe]:
    rng = random.Random(seed)
    return [random_recipe(rng) for _ in range(count)]


def check_profile(case: dict[str, Any]) -> None:
    found = differences(independent.profile(case), profile_json(result_of(case)))
    assert not found, (found, json.dumps(case))


def check_pair(before: dict[str, Any], after: dict[str, Any]) -> None:
    wanted = independent.compare(before, after)
    found = differences(wanted, compare_json(compare(result_of(before), result_of(after))))
    assert not found, (found, json.dumps([before, after]))


@given(cases())
def test_a_drawn_case_gives_the_same_profile_and_plan_twice_over(case: dict[str, Any]) -> None:
    check_profile(case)


@given(pairs())
def test_a_drawn_pair_gives_the_same_comparison_twice_over(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    check_pair(*pair)


def test_four_hundred_seeded_cases_give_the_same_profile_and_plan_twice_over() -> None:
    for recipe in seeded(IN_EVERY_RUN, seed=20260114):
        check_profile(make_case(recipe))


def test_four_hundred_seeded_pairs_give_the_same_comparison_twice_over() -> None:
    rng = random.Random(7)
    for recipe in seeded(IN_EVERY_RUN, seed=20260115):
        before = make_case(recipe)
        check_pair(before, later_case(before, rng))


@pytest.mark.slow
@settings(max_examples=2000)
@given(pairs())
def test_thousands_of_drawn_pairs_give_the_same_profiles_and_comparison_twice_over(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    check_profile(pair[0])
    check_profile(pair[1])
    check_pair(*pair)


@pytest.mark.slow
def test_thousands_of_seeded_cases_give_the_same_answers_twice_over() -> None:
    rng = random.Random(99)
    for recipe in seeded(AT_LENGTH, seed=99):
        before = make_case(recipe)
        check_profile(before)
        check_pair(before, later_case(before, rng))


def test_the_seeded_cases_hold_every_kind_of_person_and_outcome() -> None:
    """The tests above would be worth little if the dice never gave an infant, a wait or a carried-over harm."""
    seen: Counter[Any] = Counter()
    for recipe in seeded(IN_EVERY_RUN, seed=20260114):
        case = make_case(recipe)
        profile = independent.profile(case)
        seen["infant"] += profile["counted_months"] < 13
        seen["corrected age"] += profile["counted_months"] < profile["age_months"]
        seen["corrected to nought"] += profile["counted_months"] == 0 < profile["age_months"]
        seen["early, weeks unknown"] += profile["age_unsure"]
        seen["new band"] += profile["new_band"]
        seen["beyond the ages the figures were made for"] += profile["age_months"] >= 780
        seen["set aside"] += bool(case.get("set_aside"))
        seen["a harm goes on"] += True in case.get("still_happening", {}).values()
        seen["a harm nobody has asked about"] += any(
            case.get("still_happening", {}).get(h) is None for h in profile["still_happening"]
        )
        seen["no contact"] += case.get("no_contact") is True
        seen["no contact ends the waiting"] += case.get("no_contact") is True and (
            independent.Reading(case).waits() < independent.Reading(case | {"no_contact": None}).waits()
        )
        seen["carried over"] += any(
            _is_carried_over(independent.Reading(case), h["id"]) for h in FIGURES["harm_factors"]
        )
        for flag in profile["safety"]:
            seen["flag", flag["urgency"]] += 1
        for step in profile["plan"]:
            seen["step", step["kind"], step["waits"]] += 1
            seen["activities", step["kind"], len(step["activities"])] += 1
        for area in (*profile["domains"].values(), *profile["regions"].values()):
            seen["tier", area["tier"]] += 1
            seen["known but not shown"] += not area["shown"] and bool(area["known_share"])
            seen["near an edge"] += area["near_edge"] is True
        for period in profile["history"].values():
            seen["period shown", period["shown"]] += 1
    wanted: list[Any] = [
        "infant",
        "corrected age",
        "corrected to nought",
        "early, weeks unknown",
        "new band",
        "beyond the ages the figures were made for",
        "set aside",
        "a harm goes on",
        "a harm nobody has asked about",
        "no contact",
        "no contact ends the waiting",
        "carried over",
        "known but not shown",
        "near an edge",
        ("flag", "now"),
        ("flag", "this_week"),
        ("period shown", True),
        ("period shown", False),
        *(("tier", tier) for tier in (*TIERS, None)),
        *(("step", kind, True) for kind in ("relationship", "now", "later", "find_out")),
        *(("step", k, False) for k in ("safety", "look_closer", "relationship", "now", "later", "find_out")),
        *(("activities", "look_closer", n) for n in (1, 2, 3, 4)),
        *(("activities", "now", n) for n in (0, 1, 2, 3)),
        *(("activities", "relationship", n) for n in (1, 2)),
    ]
    assert [kind for kind in wanted if not seen[kind]] == []


def _is_carried_over(reading: independent.Reading, harm: str) -> bool:
    in_the_present = reading.factor(reading.periods[-1]["id"], "adversity", harm)
    return in_the_present is None and bool(reading.value_of_harm(harm))


def test_the_seeded_pairs_hold_every_verdict() -> None:
    rng = random.Random(7)
    seen: Counter[str] = Counter()
    for recipe in seeded(IN_EVERY_RUN, seed=20260115):
        before = make_case(recipe)
        domains = independent.compare(before, later_case(before, rng))["domains"]
        seen.update(domains[d]["moved"] for d in BOTTOM_UP)
    assert set(seen) == {"up", "down", "within_noise", "expectations_grew", "unclear", "unknown"}
