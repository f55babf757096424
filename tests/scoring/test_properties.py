"""What must hold for every case, whatever the figures: who is typical, what more or less knowledge does, what a plan may hold."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scoring.case import CaseError, read_case
from scoring.compare import CompareError, compare, compare_json
from scoring.instrument import load
from scoring.profile import AreaResult, Step
from scoring.result import Result, assess, profile_json, rounded
from tests.scoring.independent import BOTTOM_UP, FIGURES, HOW_MANY, KINDS, Reading, left_out, months_between
from tests.scoring.strategies import (
    EDGES,
    OLDEST_MONTHS,
    Recipe,
    cases,
    dates,
    later_case,
    make_case,
    pairs,
    recipes,
    shuffled,
)

FUNCTIONS = {f["id"]: f for f in FIGURES["functions"]}
ACTIVITIES = {a["id"]: a for a in FIGURES["activities"]}
BANDS = FIGURES["age_bands_from_months"]


def result_of(case: dict[str, Any]) -> Result:
    return assess(read_case(json.dumps(case).encode(), load()), load())


def person(age_months: int, ratings: dict[str, int | None], **more: Any) -> dict[str, Any]:
    """A case with these ratings and nothing heavy in it."""
    born, assessed = dates(age_months)
    return {
        "schema": "stemwise-case/1",
        "born": born.isoformat(),
        "assessed": assessed.isoformat(),
        "functions": ratings,
        "safety": {s["id"]: False for s in FIGURES["safety"]},
    } | more


def band_at(age_months: int) -> int:
    return max(i for i, edge in enumerate(BANDS) if edge <= age_months)


def expected_at(age_months: int) -> dict[str, int]:
    """What is expected of each function that is asked at this age."""
    band = band_at(age_months)
    return {name: f["expected"][band] for name, f in FUNCTIONS.items() if f["expected"][band] is not None}


def areas(result: Result) -> dict[str, AreaResult]:
    return {**result.profile.domains, **result.profile.regions}


def numbers(result: Result) -> dict[str, tuple[Fraction | None, Fraction | None, Fraction | None]]:
    """Low bound, point and high bound of everything that has them: domains, regions, periods, relationships."""
    now = result.profile.relational_now
    return (
        {name: (a.low, a.percent, a.high) for name, a in areas(result).items()}
        | {name: (p.low, p.load, p.high) for name, p in result.profile.history.items()}
        | {"relational_now": (now.low, now.percent, now.high)}
    )


# --- domains and regions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [a for a in EDGES if a <= OLDEST_MONTHS])
def test_a_typical_person_is_at_a_hundred_percent_at_every_age(age: int) -> None:
    typical = expected_at(age)
    for lead in (0, 1, 12):
        result = result_of(person(age, {name: min(12, e + lead) for name, e in typical.items()}))
        for name, area in areas(result).items():
            if area.known_share is None:
                assert not area.shown
                continue
            assert (area.mean_gap, area.known_share, area.shown) == (0, 1, True), name
            assert area.tier == ("extend" if age < 780 else None)
            assert area.percent == area.low == area.high == (None if age < 13 else 100)
        assert all(f.gap is None or f.gap <= 0 for f in result.profile.functions)
        assert set(result.profile.order) <= set(BOTTOM_UP)


def test_the_example_of_an_eight_year_old_prints_as_the_rules_say() -> None:
    body = {"brainstem", "diencephalon_cerebellum"}

    def printed(lower: dict[str, int]) -> list[float]:
        ratings = {name: e - lower[FUNCTIONS[name]["region"]] for name, e in expected_at(96).items()}
        domains = profile_json(result_of(person(96, ratings)))["domains"]
        return [domains[d]["percent"] for d in BOTTOM_UP]

    assert printed(dict.fromkeys(FIGURES["regions"], 0)) == [100, 100, 100, 100]
    assert printed(dict.fromkeys(FIGURES["regions"], 1)) == [90.0, 88.9, 87.1, 87.0]
    assert printed(dict.fromkeys(FIGURES["regions"], 3)) == [70.1, 66.7, 61.3, 61.1]
    assert printed({r: 5 if r in body else 0 for r in FIGURES["regions"]}) == [59.8, 66.3, 96.9, 93.9]


@given(cases(), st.integers(1, 11), st.randoms(use_true_random=False))
def test_a_higher_rating_never_lowers_a_percent(case: dict[str, Any], lift: int, rng: random.Random) -> None:
    rated = [name for name, value in (case.get("functions") or {}).items() if value is not None and value < 12]
    assume(rated)
    higher = deepcopy(case)
    name = rng.choice(rated)
    higher["functions"][name] = min(12, higher["functions"][name] + lift)
    before, after = areas(result_of(case)), areas(result_of(higher))
    tiers = ["build_first", "strengthen", "extend"]
    for key, old in before.items():
        new = after[key]
        assert (old.shown, old.known_share) == (new.shown, new.known_share)
        for field in ("percent", "low", "high", "step_low", "step_high"):
            if getattr(old, field) is not None:
                assert getattr(new, field) >= getattr(old, field), (key, field)
        if old.mean_gap is not None:
            assert new.mean_gap is not None
            assert new.mean_gap <= old.mean_gap
        if old.tier is not None:
            assert tiers.index(new.tier or "") >= tiers.index(old.tier)


@given(cases(), st.sampled_from((0.05, 0.3, 0.9)), st.randoms(use_true_random=False))
def test_knowing_less_never_narrows_the_bounds(case: dict[str, Any], share: float, rng: random.Random) -> None:
    less = deepcopy(case)
    sections = [less.get("functions"), less.get("relational_now")]
    sections += [answers for parts in (less.get("history") or {}).values() for answers in (parts or {}).values()]
    for section in sections:
        for key in section or {}:
            if rng.random() < share and key != "early_or_small_birth":
                section[key] = None
    knowing, guessing = numbers(result_of(case)), numbers(result_of(less))
    for name, (low, _, high) in knowing.items():
        wider_low, _, wider_high = guessing[name]
        assert (low is None) == (wider_low is None)
        if low is not None and high is not None:
            assert wider_low is not None
            assert wider_high is not None
            assert wider_low <= low <= high <= wider_high, name


@given(cases())
def test_every_point_lies_within_its_bounds_and_every_number_within_its_scale(case: dict[str, Any]) -> None:
    result = result_of(case)
    for name, (low, point, high) in numbers(result).items():
        if point is not None:
            assert low is not None
            assert high is not None
            assert 0 <= low <= point <= high <= 100, name
    for area in areas(result).values():
        steps = (area.step_low, area.step_high, area.near_edge)
        assert [v is None for v in steps] == [area.percent is None] * 3
        if area.step_low is not None and area.step_high is not None and area.percent is not None:
            assert 0 < area.step_low <= area.step_high <= 100
            assert area.step_low <= area.percent
            assert area.known_share != 1 or area.percent <= area.step_high
        assert area.tier is None or area.shown
        assert area.mean_gap is None or 0 <= area.mean_gap <= 10
    for field in ("adversity", "relational"):
        for period in result.profile.history.values():
            value = getattr(period, field)
            assert (value is None) != period.shown
            assert value is None or 0 <= value <= 100


@given(recipes(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_changes_nothing(recipe: Recipe, rng: random.Random) -> None:
    case = make_case(recipe)
    mixed = shuffled(case, rng)
    assert mixed | {"set_aside": None} == case | {"set_aside": None}
    assert profile_json(result_of(mixed)) == profile_json(result_of(case))


@given(cases(), st.randoms(use_true_random=False))
def test_the_rating_of_what_is_set_aside_counts_nowhere(case: dict[str, Any], rng: random.Random) -> None:
    aside = case.get("set_aside") or []
    assume(aside)
    other = deepcopy(case)
    other["functions"] = (other.get("functions") or {}) | {name: rng.choice((None, *range(1, 13))) for name in aside}
    one, two = profile_json(result_of(case)), profile_json(result_of(other))
    one.pop("functions")
    marked = {f["id"]: f["status"] for f in two.pop("functions")}
    assert one == two
    assert {marked[name] for name in aside} == {"set_aside"}


@given(cases())
def test_a_function_not_asked_at_this_age_counts_nowhere_and_is_kept(case: dict[str, Any]) -> None:
    result = result_of(case)
    absent = [f.id for f in result.profile.functions if f.expected is None]
    assume(absent)
    other = deepcopy(case)
    other["functions"] = (other.get("functions") or {}) | dict.fromkeys(absent, 1)
    one, two = profile_json(result), profile_json(result_of(other))
    kept = {f["id"]: f["rating"] for f in two.pop("functions")}
    one.pop("functions")
    assert one == two
    assert all(kept[name] == 1 for name in absent)
    assert not set(absent) & {*two["ask_next"], *two["strengths"]}


def with_reached(age: int, weights: dict[str, int], wanted: int) -> dict[str, int]:
    """Ratings by which the weighted sum of these functions is exactly `wanted`, all of them known."""
    ratings = expected_at(age)
    left = sum(w * ratings[name] for name, w in weights.items() if name in ratings) - wanted
    for name in sorted(ratings, key=lambda name: -weights.get(name, 0)):
        if weight := weights.get(name, 0):
            steps = min(left // weight, ratings[name] - 1)
            ratings[name] -= steps
            left -= steps * weight
    assert left == 0
    return ratings


@pytest.mark.parametrize(
    ("age", "domain", "reached", "printed", "tier"),
    [
        (120, "sensory_integration", 180, 65.0, "build_first"),  # 64.98
        (150, "relational", 128, 65.0, "build_first"),  # 64.97
        (180, "sensory_integration", 243, 85.0, "strengthen"),  # 84.97
        (60, "sensory_integration", 198, 85.0, "strengthen"),  # 84.98
    ],
)
def test_a_tier_goes_by_the_exact_percent_and_not_by_the_printed_one(
    age: int, domain: str, reached: int, printed: float, tier: str
) -> None:
    weights = {name: f["weights"][domain] for name, f in FUNCTIONS.items()}
    found = profile_json(result_of(person(age, with_reached(age, weights, reached))))["domains"][domain]
    assert (found["percent"], found["tier"], found["near_edge"]) == (printed, tier, True)


@pytest.mark.parametrize(
    ("reached", "tier"), [(25, "build_first"), (26, "strengthen"), (33, "strengthen"), (34, "extend")]
)
def test_exactly_65_strengthens_and_exactly_85_extends(reached: int, tier: str) -> None:
    weights = {name: int(f["region"] == "limbic") for name, f in FUNCTIONS.items()}
    area = result_of(person(50, with_reached(50, weights, reached))).profile.regions["limbic"]
    assert area.percent == Fraction(100 * reached, 40)
    assert area.tier == tier


@pytest.mark.parametrize(
    ("value", "places", "printed"),
    [
        (Fraction(1, 20), 1, 0.0),
        (Fraction(3, 20), 1, 0.2),
        (Fraction(1305, 20), 1, 65.2),
        (Fraction(1303, 20), 1, 65.2),
        (Fraction(6496, 100), 1, 65.0),
        (Fraction(205, 200), 2, 1.02),
        (Fraction(1, 200), 2, 0.0),
        (Fraction(3, 200), 2, 0.02),
        (Fraction(5, 2), 0, 2.0),
        (None, 1, None),
    ],
)
def test_half_is_rounded_to_even_on_the_exact_value(value: Fraction | None, places: int, printed: float | None) -> None:
    assert rounded(value, places) == printed


@pytest.mark.parametrize("age", range(6))
def test_below_six_months_relational_and_cognitive_cannot_be_built_first(age: int) -> None:
    domains = result_of(person(age, dict.fromkeys(FUNCTIONS, 1))).profile.domains
    for domain in ("relational", "cognitive"):
        assert domains[domain].tier in ("strengthen", "extend")


def test_an_age_that_nobody_is_sure_of_has_no_tiers_until_two_years() -> None:
    for age, unsure in ((0, True), (6, True), (18, True), (23, True), (24, False), (96, False)):
        early = {"newborn": {"adversity": {"early_or_small_birth": 1}}}
        found = result_of(person(age, expected_at(age), history=early)).profile
        assert found.age_unsure is unsure
        assert (found.order == ()) is unsure
        for weeks in (0, 7):
            known = result_of(person(age, expected_at(age), history=early, weeks_early=weeks)).profile
            assert known.age_unsure is False
            assert known.order


# --- periods and relationships ------------------------------------------------------------------------------------------


@given(cases(), st.randoms(use_true_random=False))
def test_more_adversity_never_lowers_a_load_and_more_that_held_never_raises_it(
    case: dict[str, Any], rng: random.Random
) -> None:
    told = case.get("history") or {}
    begun = [p["id"] for p in Reading(case).periods if p["id"] in told]
    assume(begun)
    period = rng.choice(begun)
    for part, sign in (("adversity", 1), ("relational", -1)):
        answers = case["history"][period].get(part) or {}
        open_to = [k for k, v in answers.items() if v is not None and v < 3]
        if not open_to:
            continue
        more = deepcopy(case)
        more["history"][period][part][rng.choice(open_to)] += 1
        before, after = result_of(case).profile.history[period], result_of(more).profile.history[period]
        for field in ("low", "load", "high"):
            old, new = getattr(before, field), getattr(after, field)
            assert (old is None) == (new is None)
            assert old is None or (new - old) * sign >= 0, (part, field)


def test_one_severe_answer_does_not_drown_and_three_are_the_most_there_is() -> None:
    period = next(p for p in FIGURES["periods"] if p["id"] == "childhood")
    names = [a["id"] for a in period["adversity"]]

    def adversity(*severe: int) -> float:
        answers = dict.fromkeys(names, 0) | {names[i]: 3 for i in severe}
        history = {"childhood": {"adversity": answers, "relational": dict.fromkeys(period["relational"], 2)}}
        return profile_json(result_of(person(96, {}, history=history)))["history"]["childhood"]["adversity"]

    assert [adversity(), adversity(0), adversity(0, 5), adversity(0, 5, 7), adversity(*range(9))] == [
        0,
        60,
        80,
        100,
        100,
    ]


def test_a_period_worked_by_hand_has_its_load() -> None:
    period = next(p for p in FIGURES["periods"] if p["id"] == "infancy")
    answers = dict.fromkeys((a["id"] for a in period["adversity"]), 0) | {"neglect": 3}
    history = {"infancy": {"adversity": answers, "relational": dict.fromkeys(period["relational"], 2)}}
    assert profile_json(result_of(person(96, {}, history=history)))["history"]["infancy"]["load"] == 46.7


@given(recipes())
def test_what_nobody_knows_is_never_the_same_as_none(recipe: Recipe) -> None:
    case = make_case(recipe)
    case["history"] = {}
    case["relational_now"] = {}
    profile = result_of(case).profile
    for period in profile.history.values():
        assert (period.load, period.adversity, period.relational, period.shown) == (None, None, None, False)
        assert (period.low, period.high, period.unknown_share) == (0, 100, 1)
    now = profile.relational_now
    assert (now.percent, now.low, now.high, now.known_share, now.shown) == (None, 0, 100, 0, False)


# --- age ----------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 30), st.integers(0, 27), st.integers(0, 18))
def test_an_early_birth_counts_from_the_day_it_was_expected(age: int, days: int, weeks: int) -> None:
    case = person(age, {}, weeks_early=weeks)
    born = date.fromisoformat(case["born"])
    case["assessed"] = (date.fromisoformat(case["assessed"]) + timedelta(days=days)).isoformat()
    profile = result_of(case).profile
    on = date.fromisoformat(case["assessed"])
    expected = (
        months_between(born + timedelta(weeks=weeks), on) if months_between(born, on) < 24 else profile.age_months
    )
    assert profile.counted_months == max(0, expected)
    assert profile.counted_months <= profile.age_months == months_between(born, on)


def test_a_band_is_new_for_two_months_and_the_first_never_is() -> None:
    for edge in BANDS:
        for months, new in ((0, True), (1, True), (2, edge == 0 and False)):
            if edge == 0 and months == 2:
                continue
            profile = result_of(person(edge + months, {})).profile
            assert profile.new_band is (new and edge > 0)


# --- the plan -----------------------------------------------------------------------------------------------------------


def reasons_missing(case: dict[str, Any], result: Result) -> list[str]:
    """Whatever in this plan stands there without a reason, or against a rule."""
    reading = Reading(case)
    wrong: list[str] = []
    taken: list[str] = []
    steps = result.plan.steps
    if [s.step for s in steps] != list(range(1, len(steps) + 1)):
        wrong.append("the numbers of the steps")
    kinds = [s.kind for s in steps]
    order = ["safety", "look_closer", "relationship", "now", "later", "find_out"]
    if kinds != sorted(kinds, key=order.index) or kinds.count("relationship") != 1 or kinds.count("now") > 2:
        wrong.append(f"the order of the steps: {kinds}")
    for step in steps:
        wrong += [f"{step.kind}: {name} {why}" for name in step.activities if (why := _against(step, name, reading))]
        if step.activities and step.kind in ("safety", "later", "find_out"):
            wrong.append(f"{step.kind} has activities")
        if step.waits != (result.plan.waits and step.kind not in ("safety", "look_closer")):
            wrong.append(f"{step.kind} says waits={step.waits}")
        taken += step.activities
    if len(taken) != len(set(taken)):
        wrong.append("something is chosen twice")
    return wrong


def _against(step: Step, name: str, reading: Reading) -> str | None:
    activity = ACTIVITIES[name]
    if step.waits:
        return "while the plan waits"
    if left_out(reading, activity):
        return "is left out of every choice"
    if step.kind == "look_closer":
        if reading.waits() and activity["lead"] != "clinician":
            return "is not the clinician's, while the plan waits"
        listed = set(activity["functions"]) & set(step.target)
        return (
            None if name == "specialist_assessment" or (activity["kind"] == "therapeutic" and listed) else "no reason"
        )
    if step.kind == "relationship":
        values = dict(reading.section("relational_now"))
        if reading.flag("carer_in_crisis") and values.get("carer_has_support") is None:
            values["carer_has_support"] = 0
        rank = sum(3 - values[s] for s in activity["supports"] if values.get(s) is not None)
        exception = step.activities == (name,) and activity["kind"] == "enrichment"
        return None if "relationship" in activity["targets"] and (rank > 0 or exception) else "no reason"
    assert isinstance(step.target, str)
    assert step.tier is not None
    rank = sum(
        FUNCTIONS[f]["weights"][step.target] * max(0, reading.gap(FUNCTIONS[f]) or 0) for f in activity["functions"]
    )
    if step.target not in activity["targets"] or activity["kind"] not in KINDS[step.tier] or rank <= 0:
        return "no reason"
    return "too many" if len(step.activities) > HOW_MANY[step.tier] else None


@given(cases())
def test_nothing_stands_in_a_plan_without_a_reason_or_against_a_rule(case: dict[str, Any]) -> None:
    assert reasons_missing(case, result_of(case)) == []


def test_five_hundred_plans_hold_nothing_without_a_reason() -> None:
    rng = random.Random(5)
    for seed in range(100):
        for ratings in ("around", "low", "body_low", "top_low", "any"):
            case = make_case(
                Recipe(age_months=rng.randint(0, 800), ratings=ratings, seed=seed, still="any", factors="light")
            )
            assert reasons_missing(case, result_of(case)) == []


def test_every_age_from_birth_to_1320_months_gives_a_plan_or_says_why_not() -> None:
    """Whoever is far behind, a little behind, at their age, or unknown: a step without activities waits or needs nothing."""
    where_rules_change = {edge + d for edge in EDGES for d in (-1, 0, 1)}
    for age in range(OLDEST_MONTHS + 1):
        typical = expected_at(age)
        for lower, now in ((9, 0), (2, 1), (0, 3)) if age < 120 or age in where_rules_change else ((9, 0),):
            ratings: dict[str, int | None] = {name: max(1, e - lower) for name, e in typical.items()}
            factors = {r["id"]: now for r in FIGURES["relational_now"]}
            result = result_of(person(age, ratings, relational_now=factors))
            kinds = [s.kind for s in result.plan.steps]
            assert kinds.count("relationship") == 1
            assert (kinds.count("now"), kinds.count("later")) == ((2, 2) if age < 780 else (0, 0)), age
            for step in result.plan.steps:
                if step.kind == "relationship":
                    assert len(step.activities) == (1 if now == 3 else 2), (age, now)
                elif step.kind == "now" and step.tier != "extend":
                    assert step.activities, (age, lower, step)
                elif step.kind == "look_closer":
                    assert 1 <= len(step.activities) <= 4
            if lower == 9:
                assert "look_closer" in kinds
        if age % 12 == 0 or age in where_rules_change:
            unknown = result_of(person(age, {})).plan.steps
            assert [s.kind for s in unknown] == ["relationship", "find_out"]
            assert len(unknown[0].activities) == 1
            assert len(unknown[1].target) == 5
    born, assessed = dates(OLDEST_MONTHS)
    too_old = person(OLDEST_MONTHS, {}) | {
        "born": (born - timedelta(days=31)).isoformat(),
        "assessed": assessed.isoformat(),
    }
    with pytest.raises(CaseError):
        result_of(too_old)


def test_every_activity_of_the_library_can_come_into_a_plan_save_the_one_a_clinician_chooses() -> None:
    rng = random.Random(1)
    seen: set[str] = set()
    for name, activity in ACTIVITIES.items():
        tries = 0
        while name not in seen and tries < 3000 and name != "body_safety_therapy":
            seen |= chosen_for(person_who_needs(activity, rng))
            tries += 1
    assert set(ACTIVITIES) - seen == {"body_safety_therapy"}


def chosen_for(case: dict[str, Any]) -> set[str]:
    return {name for step in result_of(case).plan.steps for name in step.activities}


def person_who_needs(activity: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Somebody of the right age, low in what the activity is for, with whatever else might make it the best left."""
    until = min(activity["to_months"] or 780, 780)
    age = rng.randrange(activity["from_months"], max(until, activity["from_months"] + 1))
    typical = expected_at(age)
    elsewhere = rng.choice(((0,), (0, 1), (2,), (0, 0, 1, 4, 8)))
    low = rng.choice((1, 2, 3, 5, 12))
    ratings: dict[str, int | None] = {
        name: max(1, e - (low if name in activity["functions"] else rng.choice(elsewhere)))
        for name, e in typical.items()
    }
    others = [name for name in typical if name not in activity["functions"]]
    raised = rng.choice(((), (), ("carer_in_crisis",), ("fits_or_blackouts",)))
    harmed = {"before_birth": {"adversity": {"violence_in_pregnancy": int(activity["only_after_harm"])}}}
    return person(
        age,
        ratings,
        set_aside=rng.sample(others, rng.choice((0, 0, 0, min(6, len(others))))),
        safety={s["id"]: s["id"] in raised for s in FIGURES["safety"]},
        relational_now={r["id"]: 0 if r["id"] in activity["supports"] else 3 for r in FIGURES["relational_now"]},
        history=harmed,
        still_happening={h["id"]: False for h in FIGURES["harm_factors"]},
    )


@given(recipes(), st.sampled_from([h for h in FIGURES["harm_factors"] if h["waits_from"] is not None]))
def test_a_harm_answered_yes_makes_the_plan_wait_whatever_else_is_said(recipe: Recipe, harm: dict[str, Any]) -> None:
    case = make_case(recipe)
    case["still_happening"] = (case.get("still_happening") or {}) | {harm["id"]: True}
    result = result_of(case)
    assert result.plan.waits
    assert harm["id"] in result.profile.still_happening
    assert result.plan.steps[0].kind == "safety"
    assert harm["id"] in result.plan.steps[0].target
    assert all(s.waits or s.kind in ("safety", "look_closer") for s in result.plan.steps)
    assert all(ACTIVITIES[a]["lead"] == "clinician" for s in result.plan.steps for a in s.activities)


@given(recipes(), st.sampled_from([s for s in FIGURES["safety"] if s["gate"]]), st.booleans())
def test_an_open_gate_makes_the_plan_wait_unless_no_contact_lifts_it(
    recipe: Recipe, flag: dict[str, Any], no_contact: bool
) -> None:
    case = make_case(recipe) | {"no_contact": no_contact, "history": {}, "still_happening": {}}
    case["safety"] = {flag["id"]: True}
    result = result_of(case)
    assert result.plan.waits is not (no_contact and flag["no_contact_lifts"])
    assert [f.id for f in result.profile.safety] == [flag["id"]]
    assert result.plan.steps[0].kind == "safety"


@given(cases())
def test_no_contact_never_makes_a_plan_wait_and_an_answer_no_never_does(case: dict[str, Any]) -> None:
    apart = case | {"no_contact": True}
    assert not (result_of(apart).plan.waits and not result_of(case | {"no_contact": None}).plan.waits)
    answered = case | {"still_happening": {h["id"]: False for h in FIGURES["harm_factors"]}}
    result = result_of(answered)
    assert result.profile.still_happening == ()
    assert result.plan.waits is any(
        s["gate"] and Reading(case).flag(s["id"]) and not (case.get("no_contact") and s["no_contact_lifts"])
        for s in FIGURES["safety"]
    )


@given(cases())
def test_a_yes_is_listed_at_any_age_and_what_was_not_asked_is_listed_as_open(case: dict[str, Any]) -> None:
    profile = result_of(case).profile
    flags = case.get("safety") or {}
    assert {f.id for f in profile.safety} == {name for name, value in flags.items() if value is True}
    urgency = [f.urgency for f in profile.safety]
    assert urgency == sorted(urgency)  # `now` comes before `this_week`
    assert not set(profile.safety_unknown) & {name for name, value in flags.items() if value is not None}
    for flag in FIGURES["safety"]:
        asked = flag["asked_from_months"] <= profile.age_months < (flag["asked_to_months"] or 10**6)
        assert (flag["id"] in profile.safety_unknown) is (asked and flags.get(flag["id"]) is None)


@given(cases())
def test_the_minutes_of_the_family_are_the_sum_of_what_the_plan_asks_of_it(case: dict[str, Any]) -> None:
    result = result_of(case)
    chosen = [ACTIVITIES[a] for s in result.plan.steps for a in s.activities]
    assert result.plan.family_minutes == sum(a["minutes"] * Fraction(a["per_week"]) for a in chosen if a["adds_load"])
    assert all(a["lead"] in ("carer", "family", "self") for a in chosen if a["adds_load"])


# --- compare ------------------------------------------------------------------------------------------------------------


@given(cases())
def test_nothing_changes_between_a_case_and_itself(case: dict[str, Any]) -> None:
    result = result_of(case)
    found = compare_json(compare(result, result))
    for change in (*found["functions"], *found["domains"].values()):
        assert (change["moved"], change["change"]) in (("within_noise", 0), ("unknown", None))


@given(pairs())
def test_a_change_of_words_is_backed_by_numbers(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = (result_of(case) for case in pair)
    found = compare(before, after)
    for change in found.functions:
        assert (change.change is None) == (change.moved == "unknown")
        if change.change is not None:
            assert change.moved == ("up" if change.change >= 2 else "down" if change.change <= -2 else "within_noise")
    for domain in found.domains:
        assert (domain.change is None) == (domain.moved == "unknown")
        if domain.change is None or domain.moved == "within_noise":
            continue
        old, new = before.profile.domains[domain.id], after.profile.domains[domain.id]
        assert abs(domain.change) >= 5
        assert domain.moved != "up" or domain.change > 0
        assert domain.moved not in ("down", "expectations_grew") or domain.change < 0
        assert old.low is not None
        assert old.high is not None
        assert new.low is not None
        assert new.high is not None
        assert old.high < new.low or new.high < old.low


def test_the_same_ratings_on_another_day_of_the_same_band_are_within_noise() -> None:
    rng = random.Random(3)
    for _ in range(50):
        before = make_case(
            Recipe(age_months=rng.choice((50, 90, 115)), ratings="around", unknown=0.1, seed=rng.getrandbits(32))
        )
        after = deepcopy(before)
        after["assessed"] = (date.fromisoformat(before["assessed"]) + timedelta(days=60)).isoformat()
        domains = compare_json(compare(result_of(before), result_of(after)))["domains"]
        assert {d["moved"] for d in domains.values()} <= {"within_noise", "unknown"}
        assert all(d["change"] == 0 for d in domains.values() if d["moved"] == "within_noise")


def test_two_people_or_the_later_case_first_are_refused() -> None:
    case = make_case(Recipe(seed=1))
    later = later_case(case, random.Random(1)) | {"assessed": "2027-01-01"}
    with pytest.raises(CompareError):
        compare(result_of(later), result_of(case))
    with pytest.raises(CompareError):
        compare(result_of(case), result_of(later | {"born": "2017-01-01"}))
    compare(result_of(case), result_of(later | {"assessed": case["assessed"]}))


def all_moved(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    found = compare_json(compare(result_of(before), result_of(after)))
    return {name: domain["moved"] for name, domain in found["domains"].items()}


def known_at(case: dict[str, Any], age: int) -> dict[str, Any]:
    """The same case at another age, the day of birth unchanged."""
    born = date.fromisoformat(case["born"])
    year, month = divmod(born.year * 12 + born.month - 1 + age, 12)
    return case | {"assessed": date(year, month + 1, born.day).isoformat()}


def test_exactly_five_points_and_exactly_eight_weighted_steps_are_a_change() -> None:
    typical = expected_at(14)
    weights = {name: f["weights"]["sensory_integration"] for name, f in FUNCTIONS.items()}
    assert sum(weights[name] * e for name, e in typical.items()) == 200
    three, two = (sorted(n for n in typical if weights[n] == w and typical[n] > 3) for w in (3, 2))
    lower = dict(typical) | {three[0]: typical[three[0]] - 2, two[0]: typical[two[0]] - 2}
    before = person(14, lower)
    assert all_moved(before, person(14, typical))["sensory_integration"] == "up"  # 10 of 200, weighted 10
    nine = lower | {two[0]: typical[two[0]] - 1}
    assert all_moved(person(14, nine), person(14, typical))["sensory_integration"] == "within_noise"  # 8 of 200


def test_intervals_that_touch_overlap() -> None:
    weights = {name: f["weights"]["sensory_integration"] for name, f in FUNCTIONS.items()}
    typical = expected_at(96)
    ratings = {name: max(1, e - 4) for name, e in typical.items()}
    one, other, third = sorted(n for n in typical if weights[n] == 3 and typical[n] >= 8)[:3]
    ratings |= {one: 4}
    after = ratings | {one: None, other: ratings[other] + 2, third: ratings[third] + 1}
    first, second = (result_of(person(96, r)).profile.domains["sensory_integration"] for r in (ratings, after))
    assert first.high == second.low
    assert first.percent is not None
    assert second.percent is not None
    assert second.percent - first.percent >= 5
    assert all_moved(person(96, ratings), person(96, after))["sensory_integration"] == "within_noise"
    apart = after | {third: ratings[third] + 2}
    assert all_moved(person(96, ratings), person(96, apart))["sensory_integration"] == "up"


def test_an_expectation_that_rose_for_what_is_set_aside_explains_nothing() -> None:
    """From 5½ to 7 years, with all set aside whose expectation rises: six steps of one are an unclear fall."""
    weights = {name: f["weights"]["relational"] for name, f in FUNCTIONS.items()}
    young, older = expected_at(66), expected_at(84)
    rising = [n for n in young if weights[n] and older[n] > young[n]]
    staying = [n for n in young if weights[n] and older[n] == young[n]]
    assert {n for n in older if weights[n]} == {*rising, *staying}
    lower = dict(young)
    for name in sorted(staying, key=lambda n: weights[n])[:4]:
        lower[name] -= 1
    assert 5 <= sum(weights[n] * (young[n] - lower[n]) for n in staying) < 8
    before, after = (person(66, r, set_aside=rising) for r in (young, lower))
    assert all_moved(before, known_at(after, 84))["relational"] == "unclear"
    kept = [person(66, r, set_aside=[]) for r in (young, young)]
    assert all_moved(kept[0], known_at(kept[1], 84))["relational"] == "expectations_grew"


# --- harm that a birthday does not end, by hand -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "told", "listed", "waits"),
    [
        (131, {"childhood": {"neglect": 2}}, ["neglect"], True),
        (132, {"childhood": {"neglect": 2}}, ["neglect"], True),  # asked in youth, unknown there
        (215, {"childhood": {"neglect": 2}}, ["neglect"], True),  # for as long as nobody knows better
        (215, {"childhood": {"neglect": 2}, "youth": {"neglect": 0}}, [], False),
        (216, {"youth": {"neglect": 2}}, ["neglect"], True),  # no longer asked, carried over for 24 months
        (239, {"youth": {"neglect": 2}}, ["neglect"], True),
        (240, {"youth": {"neglect": 2}}, [], False),
        (239, {"childhood": {"neglect": 2}, "youth": {"neglect": 0}}, [], False),
        (239, {"childhood": {"neglect": 2}}, ["neglect"], True),  # the last period in which it is known
        (500, {"youth": {"sexual_harm": 1}}, ["sexual_harm"], True),  # asked in adulthood, unknown there
        (1, {"before_birth": {"violence_in_pregnancy": 1}}, ["violence_at_home"], False),
        (1, {"before_birth": {"violence_in_pregnancy": 1}, "newborn": {"violence_at_home": 0}}, [], False),
        (30, {"before_birth": {"violence_in_pregnancy": 3}}, ["violence_at_home"], True),
        (30, {"infancy": {"neglect": 1, "physical_harm": 0}, "newborn": {"physical_harm": 3}}, ["neglect"], False),
    ],
)
def test_a_birthday_ends_no_harm(age: int, told: dict[str, dict[str, int]], listed: list[str], waits: bool) -> None:
    history = {period: {"adversity": answers} for period, answers in told.items()}
    result = result_of(person(age, {}, history=history))
    assert list(result.profile.still_happening) == listed
    assert result.plan.waits is waits


def test_safety_questions_go_by_the_age_lived_also_after_an_early_birth() -> None:
    """Thirteen months old and born twelve weeks early: no longer asked about a baby's sleep, and a fit is for this week."""
    for age, asked, urgency in ((12, True, "now"), (13, False, "this_week")):
        case = person(age, {}, weeks_early=12, safety={"fits_or_blackouts": True})
        profile = result_of(case).profile
        assert profile.counted_months < 13
        assert ("unsafe_sleep_of_infant" in profile.safety_unknown) is asked
        assert [(f.id, f.urgency) for f in profile.safety] == [("fits_or_blackouts", urgency)]
