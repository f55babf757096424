"""Generated cases for the tests of scoring, valid ones and pairs of them, as the JSON a case file holds.

A `Recipe` says in a few words what a person is like (age, how much is known, how the ratings lie) and carries a seed for
the several hundred single answers: hypothesis draws and shrinks recipes, and `make_case` turns one into a case in no
time. Nothing here asks the product what is valid: ids and ages come from the figures in YAML.
"""

from __future__ import annotations

import calendar
import random
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.scoring.independent import FIGURES, months_between

OLDEST_MONTHS = 1320
#: Ages at which some rule changes: bands, periods, carry-over, corrected age, no tiers, the oldest age of all.
EDGES = sorted(
    {*FIGURES["age_bands_from_months"]}
    | {p["from_months"] + d for p in FIGURES["periods"] if p["from_months"] is not None for d in (0, 24)}
    | {m for a in FIGURES["activities"] for m in (a["from_months"], a["to_months"]) if m is not None}
    | {
        m
        for s in FIGURES["safety"]
        for m in (s["asked_from_months"], s["asked_to_months"], *(s["now_months"] or ()))
        if m is not None
    }
    | {24, 780, OLDEST_MONTHS}
)
RATING_STYLES = ("around", "typical", "low", "high", "any", "lowest", "one_grave", "body_low", "top_low")
FACTOR_STYLES = ("none", "light", "heavy", "any", "one_severe")
SAFETY_STYLES = ("all_no", "one_yes", "any", "unasked", "crisis")
STILL_STYLES = ("all_no", "unasked", "some", "any")
#: How often a harm is answered yes, no and not at all.
STILL_SPREADS = {"all_no": (0, 1, 0), "unasked": (0, 0, 1), "some": (1, 9, 4), "any": (1, 1, 1)}
#: In plain order, so that a smaller choice is a simpler person.
SHARES = (0.0, 0.1, 0.25, 0.3, 0.35, 0.5, 0.8, 1.0)


@dataclass(frozen=True)
class Recipe:
    """What a generated person is like; `seed` settles every single answer."""

    age_months: int = 96
    days_past: int = 0
    birthday: int = 14
    weeks_early: int | None = None
    ratings: str = "typical"
    unknown: float = 0.0
    aside: int = 0
    factors: str = "none"
    factors_unknown: float = 0.0
    held: str = "any"
    now: str = "any"
    now_unknown: float = 0.0
    safety: str = "all_no"
    still: str = "all_no"
    no_contact: bool | None = None
    written_out: bool = False
    seed: int = field(default=0)


def ages() -> st.SearchStrategy[int]:
    """Months lived, often at, just under or just over an age where a rule changes."""
    at_an_edge = st.builds(
        lambda edge, off: min(OLDEST_MONTHS, max(0, edge + off)), st.sampled_from(EDGES), st.integers(-2, 2)
    )
    return st.one_of(
        st.integers(24, 216), at_an_edge, st.integers(0, 30), st.integers(216, 780), st.integers(0, OLDEST_MONTHS)
    )


def recipes(age_months: st.SearchStrategy[int] | None = None) -> st.SearchStrategy[Recipe]:
    """Recipes of every kind, simple ones first."""
    return st.builds(
        Recipe,
        age_months=ages() if age_months is None else age_months,
        days_past=st.integers(0, 27),
        birthday=st.sampled_from((14, 1, 28, 29, 30, 31)),
        weeks_early=st.one_of(st.none(), st.integers(0, 18)),
        ratings=st.sampled_from(RATING_STYLES),
        unknown=st.sampled_from(SHARES),
        aside=st.sampled_from((0, 0, 0, 1, 2, 5, 12, 32)),
        factors=st.sampled_from(FACTOR_STYLES),
        factors_unknown=st.sampled_from(SHARES),
        held=st.sampled_from(FACTOR_STYLES),
        now=st.sampled_from(FACTOR_STYLES),
        now_unknown=st.sampled_from(SHARES),
        safety=st.sampled_from(SAFETY_STYLES),
        still=st.sampled_from(STILL_STYLES),
        no_contact=st.sampled_from((None, False, True)),
        written_out=st.booleans(),
        seed=st.integers(0, 2**32),
    )


def cases(age_months: st.SearchStrategy[int] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Valid cases."""
    return recipes(age_months).map(make_case)


def random_recipe(rng: random.Random) -> Recipe:
    """A recipe from a seeded generator, spread like `recipes`."""
    edge = rng.choice(EDGES) + rng.randint(-2, 2)
    age = rng.choice([rng.randint(24, 216), edge, rng.randint(0, 30), rng.randint(0, OLDEST_MONTHS)])
    return Recipe(
        age_months=min(OLDEST_MONTHS, max(0, age)),
        days_past=rng.randint(0, 27),
        birthday=rng.choice((14, 1, 28, 29, 30, 31)),
        weeks_early=rng.choice((None, None, 0, rng.randint(1, 18))),
        ratings=rng.choice(RATING_STYLES),
        unknown=rng.choice((0.0, 0.0, *SHARES)),
        aside=rng.choice((0, 0, 0, 1, 2, 5, 12, 32)),
        factors=rng.choice(FACTOR_STYLES),
        factors_unknown=rng.choice(SHARES),
        held=rng.choice(FACTOR_STYLES),
        now=rng.choice(FACTOR_STYLES),
        now_unknown=rng.choice(SHARES),
        safety=rng.choice((*SAFETY_STYLES, "all_no", "all_no")),
        still=rng.choice(("all_no", *STILL_STYLES)),
        no_contact=rng.choice((None, None, False, True)),
        written_out=rng.random() < 0.3,
        seed=rng.getrandbits(32),
    )


def dates(age_months: int, days_past: int = 0, birthday: int = 14) -> tuple[date, date]:
    """Give a day of birth and a day at which exactly `age_months` are completed, up to `days_past` days later.

    The birth falls on `birthday` or on the last day the month has.
    """
    latest = date(2026, 6, 14)
    months = latest.year * 12 + latest.month - 1 - age_months
    year, month = divmod(months, 12)
    born = date(year, month + 1, min(birthday, calendar.monthrange(year, month + 1)[1]))
    on = date(latest.year, latest.month, 1) + timedelta(days=born.day - 1)  # June lacks the 31st: the 1st of July
    while days_past and months_between(born, on + timedelta(days=days_past)) != age_months:
        days_past -= 1
    return born, on + timedelta(days=days_past)


def make_case(recipe: Recipe) -> dict[str, Any]:
    """The valid case that a recipe stands for."""
    rng = random.Random(recipe.seed)
    born, assessed = dates(recipe.age_months, recipe.days_past, recipe.birthday)
    lived = months_between(born, assessed)
    band = max(i for i, edge in enumerate(FIGURES["age_bands_from_months"]) if edge <= lived)

    def maybe(value: Any, unknown: float) -> Any:
        return None if rng.random() < unknown else value

    functions: dict[str, int | None] = {}
    grave = rng.choice(FIGURES["functions"])["id"]
    for f in FIGURES["functions"]:
        functions[f["id"]] = maybe(
            _rating(recipe.ratings, f, f["expected"][band], f["id"] == grave, rng), recipe.unknown
        )
    history = {}
    for p in FIGURES["periods"]:
        if p["from_months"] is None or p["from_months"] <= lived:
            hard = [a["id"] for a in p["adversity"]]
            history[p["id"]] = {
                "adversity": _factors(recipe.factors, hard, recipe.factors_unknown, rng),
                "relational": _factors(recipe.held, p["relational"], recipe.factors_unknown, rng),
            }
        elif recipe.written_out:
            history[p["id"]] = {"adversity": {a["id"]: None for a in p["adversity"]}, "relational": None}
    safety = {s["id"]: _flag(recipe.safety, s["id"], rng) for s in FIGURES["safety"]}
    if recipe.safety == "one_yes":
        safety[rng.choice(FIGURES["safety"])["id"]] = True
    case: dict[str, Any] = {
        "schema": "stemwise-case/1",
        "label": rng.choice(("Example", None, "Ünïcødé 例")),
        "born": born.isoformat(),
        "assessed": assessed.isoformat(),
        "weeks_early": recipe.weeks_early,
        "history": history,
        "functions": functions,
        "set_aside": rng.sample([f["id"] for f in FIGURES["functions"]], recipe.aside),
        "relational_now": _factors(recipe.now, [r["id"] for r in FIGURES["relational_now"]], recipe.now_unknown, rng),
        "safety": safety,
        "still_happening": {
            h["id"]: rng.choices((True, False, None), STILL_SPREADS[recipe.still])[0] for h in FIGURES["harm_factors"]
        },
        "no_contact": recipe.no_contact,
        "facts": {"hearing_checked": rng.choice((True, False, None)), "languages": rng.choice(("English", None))},
    }
    return case if recipe.written_out else without_nulls(case)


def _rating(style: str, f: dict[str, Any], expected: int | None, is_grave: bool, rng: random.Random) -> int:
    e = expected or 3
    low = max(1, e - rng.randint(2, 7))
    choices = {
        "typical": e,
        "around": e + rng.choice((-3, -2, -1, 0, 0, 0, 1, 2)),
        "low": low,
        "high": e + rng.choice((0, 1, 2, 3)),
        "any": rng.randint(1, 12),
        "lowest": 1,
        "one_grave": 1 if is_grave else e,
        "body_low": low if f["region"] in ("brainstem", "diencephalon_cerebellum") else e,
        "top_low": low if f["region"] in ("cortex", "frontal_cortex") else e,
    }
    return min(12, max(1, choices[style]))


def _factors(style: str, names: list[str], unknown: float, rng: random.Random) -> dict[str, int | None]:
    weights = {"none": (1, 0, 0, 0), "light": (6, 3, 1, 0), "heavy": (1, 2, 4, 5), "any": (1, 1, 1, 1)}
    spread = weights.get(style, (1, 0, 0, 0))
    values: dict[str, int | None] = {name: rng.choices((0, 1, 2, 3), spread)[0] for name in names}
    if style == "one_severe":
        values[rng.choice(names)] = 3
    return {name: None if rng.random() < unknown else value for name, value in values.items()}


def _flag(style: str, name: str, rng: random.Random) -> bool | None:
    if style == "unasked":
        return None
    if style == "any":
        return rng.choices((True, False, None), (1, 14, 5))[0]
    return style == "crisis" and name == "carer_in_crisis"


def without_nulls(value: Any) -> Any:
    """The same case with every null and every empty section left out, which must mean the same."""
    if isinstance(value, dict):
        small = {key: without_nulls(entry) for key, entry in value.items()}
        return {key: entry for key, entry in small.items() if entry is not None and entry != {}}
    return value


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same case with the keys of every object, and the entries of every list, in another order."""
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    if isinstance(value, list):
        return rng.sample(value, len(value))
    return value


def later_case(before: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The same person some time later: ratings drift, leap or hold, and what is known may change."""
    after = deepcopy(before)
    born, then = date.fromisoformat(before["born"]), date.fromisoformat(before["assessed"])
    room = (date(born.year + 109, born.month, 1) - then).days
    after["assessed"] = (then + timedelta(days=rng.choice((0, 30, 365, 1500, 5000)) if room > 5000 else 0)).isoformat()
    spread = rng.choice(((0,), (-1, 0, 1), (0, 1, 1, 2), (0, -1, -1, -2), (2, 3, 4), (-2, -3, -4), (-5, 5, 0)))
    ratings = dict(after.get("functions") or {})
    moving = rng.choice((1.0, 0.5, 0.15))
    for name, value in ratings.items():
        if value is not None and rng.random() < moving:
            ratings[name] = min(12, max(1, value + rng.choice(spread)))
        if rng.random() < 0.03:
            ratings[name] = None
    after["functions"] = ratings
    if rng.random() < 0.15:
        after["set_aside"] = rng.sample([f["id"] for f in FIGURES["functions"]], rng.randint(0, 3))
    return after


def pairs() -> st.SearchStrategy[tuple[dict[str, Any], dict[str, Any]]]:
    """Two cases of one person, the earlier one first; mostly with enough known to compare."""
    first = recipes(st.one_of(st.integers(13, 216), ages())).map(
        lambda r: make_case(replace(r, unknown=min(r.unknown, 0.25), aside=min(r.aside, 2)))
    )
    return st.builds(lambda case, seed: (case, later_case(case, random.Random(seed))), first, st.integers(0, 2**32))
