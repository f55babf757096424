"""What the instrument's files must agree on among themselves: ids, ages, weights, texts, a library that never runs dry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scoring.instrument.model import Activity, Figures, Function, Texts
from scoring.problems import Problem

#: Kinds of activity a step may choose from, by tier, and how many it takes.
KINDS_BY_TIER: Mapping[str, tuple[tuple[str, ...], int]] = {
    "build_first": (("therapeutic", "educational"), 3),
    "strengthen": (("educational", "enrichment"), 2),
    "extend": (("enrichment",), 1),
}
#: The activity that stands in where none of the library lists a function that needs a closer look.
FALLBACK_ACTIVITY = "specialist_assessment"
RELATIONSHIP = "relationship"


def cross_checks(figures: Figures, texts: Texts, locale: str, file_of: Mapping[str, str]) -> Iterator[Problem]:
    """Every disagreement between figures and texts; nothing where all is well."""
    if locale == "en":
        yield from _unique_ids(figures)
        yield from _functions(figures)
        yield from _references(figures)
        yield from _activities(figures)
        yield from _never_runs_dry(figures)
    yield from _texts(figures, texts, locale, file_of)


def _unique_ids(figures: Figures) -> Iterator[Problem]:
    groups: Iterable[tuple[str, str, Sequence[str]]] = [
        ("functions.yaml", "functions", [f.id for f in figures.functions]),
        ("activities.yaml", "activities", [a.id for a in figures.activities]),
        ("instrument.yaml", "periods", [p.id for p in figures.periods]),
        ("instrument.yaml", "relational_now", [r.id for r in figures.relational_now]),
        ("instrument.yaml", "safety", [s.id for s in figures.safety]),
        ("instrument.yaml", "harm_factors", [h.id for h in figures.harm_factors]),
        *[
            ("instrument.yaml", f"periods.{p.id}", [*(f.id for f in p.adversity), *p.relational])
            for p in figures.periods
        ],
    ]
    for file, place, ids in groups:
        for twice in sorted({i for i in ids if ids.count(i) > 1}):
            yield Problem(file, f"{place}.{twice}", "the id stands twice", "give each its own id")
    edges = figures.age_bands_from_months
    if list(edges) != sorted(set(edges)) or not edges or edges[0] != 0:
        yield Problem(
            "instrument.yaml", "age_bands_from_months", "is not a rising list from 0", "put the edges in order"
        )
    for before, after in zip(figures.periods, figures.periods[1:], strict=False):
        if before.to_months != after.from_months:
            yield Problem(
                "instrument.yaml", f"periods.{after.id}", "does not begin where the one before ends", "join them"
            )


def _functions(figures: Figures) -> Iterator[Problem]:
    places: dict[tuple[int, float], str] = {}
    bands = len(figures.age_bands_from_months)
    for function in figures.functions:
        at = f"functions.{function.id}"
        if function.region not in figures.regions:
            yield Problem("functions.yaml", f"{at}.region", f"unknown region {function.region!r}", "use a listed one")
        if set(function.weights) != set(figures.domains):
            yield Problem("functions.yaml", f"{at}.weights", "does not name each domain once", "one whole number each")
        elif min(function.weights.values()) < 0 or max(function.weights.values()) < 1:
            yield Problem(
                "functions.yaml", f"{at}.weights", "has no weight above 0, or one below", "weigh it somewhere"
            )
        if len(function.expected) != bands:
            yield Problem("functions.yaml", f"{at}.expected", f"has not {bands} values", "one for each age band")
        for value in function.expected:
            if value is not None and not figures.rating.min <= value <= figures.rating.max - 1:
                yield Problem("functions.yaml", f"{at}.expected", f"{value} is out of range", "use 1 to 11 or null")
        known = [v for v in function.expected if v is not None]
        if not known or known != sorted(known) or None in function.expected[len(function.expected) - len(known) :]:
            yield Problem("functions.yaml", f"{at}.expected", "falls or stops with age", "null first, then rising")
        place = (function.place.row, function.place.x)
        if place in places:
            yield Problem("functions.yaml", f"{at}.place", f"is the place of {places[place]}", "move one of them")
        places[place] = function.id


def _references(figures: Figures) -> Iterator[Problem]:
    safety = {s.id for s in figures.safety}
    harm = {h.id for h in figures.harm_factors}
    functions = {f.id for f in figures.functions}
    supports = {r.id for r in figures.relational_now}
    factors = {f.id for p in figures.periods for f in p.adversity}
    held = {r for p in figures.periods for r in p.relational} | supports
    for activity in figures.activities:
        at = f"activities.{activity.id}"
        for field, ids, known in (
            ("targets", activity.targets, {*figures.domains, RELATIONSHIP}),
            ("functions", activity.functions, functions),
            ("supports", activity.supports, supports),
            ("not_while", activity.not_while, safety),
            ("not_if_current", activity.not_if_current, harm),
        ):
            for unknown in sorted(set(ids) - known):
                yield Problem("activities.yaml", f"{at}.{field}", f"unknown id {unknown!r}", "use a listed id")
    for field, ids, known in (
        ("harm_factors", tuple(sorted(harm)), factors),
        ("harm_ever", figures.harm_ever, factors),
        ("of_self", figures.of_self, held),
    ):
        for unknown in sorted(set(ids) - known):
            yield Problem("instrument.yaml", field, f"unknown id {unknown!r}", "use the id of a factor")


def _activities(figures: Figures) -> Iterator[Problem]:
    if FALLBACK_ACTIVITY not in {a.id for a in figures.activities}:
        yield Problem("activities.yaml", FALLBACK_ACTIVITY, "is missing", "the closer look needs it as a last resort")
    for activity in figures.activities:
        at = f"activities.{activity.id}"
        if activity.minutes <= 0 or activity.per_week <= 0:
            yield Problem("activities.yaml", f"{at}.minutes", "has no dose", "minutes and times a week above 0")
        if activity.to_months is not None and activity.to_months <= activity.from_months:
            yield Problem("activities.yaml", f"{at}.to_months", "ends before it begins", "mend the age range")
        elif activity.id != FALLBACK_ACTIVITY and not _is_reachable(activity, figures):
            yield Problem(
                "activities.yaml", at, "can never be chosen", "give it a target whose functions it lists, or supports"
            )


def _is_reachable(activity: Activity, figures: Figures) -> bool:
    if RELATIONSHIP in activity.targets:
        return bool(activity.supports)
    listed = [f for f in figures.functions if f.id in activity.functions]
    return any(
        f.weights.get(domain, 0) > 0 and any(_overlaps(activity, f, i, figures) for i in range(len(f.expected)))
        for domain in activity.targets
        for f in listed
    )


def _overlaps(activity: Activity, function: Function, band: int, figures: Figures) -> bool:
    edges = figures.age_bands_from_months
    start, end = edges[band], edges[band + 1] if band + 1 < len(edges) else None
    begins_in_time = end is None or activity.from_months < end
    return (
        function.expected[band] is not None
        and begins_in_time
        and (activity.to_months is None or start < activity.to_months)
    )


def _never_runs_dry(figures: Figures) -> Iterator[Problem]:
    """For each domain, tier and month of age there is something that could be chosen when its functions lag."""
    edges = {0, *figures.age_bands_from_months}
    for activity in figures.activities:
        edges.update(m for m in (activity.from_months, activity.to_months) if m is not None)
    for month in sorted(edges):
        band = max(i for i, edge in enumerate(figures.age_bands_from_months) if edge <= month)
        fitting = [a for a in figures.activities if a.fits_age(month)]
        for domain in figures.domains:
            asked = {f.id for f in figures.functions if f.weights.get(domain, 0) > 0 and f.expected[band] is not None}
            for tier, (kinds, _) in KINDS_BY_TIER.items():
                if asked and not any(
                    a.kind in kinds and domain in a.targets and asked & set(a.functions) for a in fitting
                ):
                    yield Problem(
                        "activities.yaml", domain, f"nothing for {tier} at {month} months", "add or widen an activity"
                    )
        if not any(RELATIONSHIP in a.targets for a in fitting):
            yield Problem("activities.yaml", RELATIONSHIP, f"nothing at {month} months", "add or widen an activity")


def _texts(figures: Figures, texts: Texts, locale: str, file_of: Mapping[str, str]) -> Iterator[Problem]:
    base = f"locales/{locale}"

    def problem(section: str, key: str, message: str, remedy: str) -> Problem:
        file = file_of.get(f"{section}.{key}") or file_of.get(section, base)
        return Problem(file, f"{section}.{key}", message, remedy)

    asked_adversity: dict[str, set[str]] = {}
    for period in figures.periods:
        for factor in period.adversity:
            asked_adversity.setdefault(factor.id, set()).update(factor.asked_of)
    asked_relational = {r: {"carer", "self"} for p in figures.periods for r in p.relational}
    wanted: Iterable[tuple[str, Mapping[str, object], Mapping[str, Iterable[str]]]] = [
        ("functions", texts.functions, {f.id: f.asked_of for f in figures.functions}),
        ("adversity", texts.adversity, asked_adversity),
        ("relational", texts.relational, asked_relational),
        ("relational_now", texts.relational_now, {r.id: r.asked_of for r in figures.relational_now}),
        ("safety", texts.safety, {s.id: s.asked_of for s in figures.safety}),
        ("activities", texts.activities, {a.id: () for a in figures.activities}),
        ("periods", texts.periods, {p.id: () for p in figures.periods}),
        ("harm", texts.harm, {h.id: () for h in figures.harm_factors}),
        ("regions", texts.regions, dict.fromkeys(figures.regions, ())),
        ("domains", texts.domains, dict.fromkeys(figures.domains, ())),
        (
            "scales",
            texts.scales,
            dict.fromkeys(
                ("adversity", "relational", "carer_adversity", "carer_relational", "carer_scale", "bands"), ()
            ),
        ),
        ("statuses", texts.statuses, dict.fromkeys(("ahead", "as_expected", "behind", "far_behind", "set_aside"), ())),
        ("tiers", texts.tiers, dict.fromkeys(KINDS_BY_TIER, ())),
        ("facts", texts.facts, dict.fromkeys(("hearing_checked", "sight_checked", "languages", "weeks_early"), ())),
    ]
    for section, there, ids in wanted:
        for missing in [i for i in ids if i not in there]:
            yield problem(section, missing, "has no text", "write it as docs/wording.md shows")
        for stray in [i for i in there if i not in ids]:
            yield problem(section, stray, "no such id in the figures", "remove it or mend the id")
        for key, whos in ids.items():
            for who in ("carer", "school", "self"):
                if key in there and who in whos and not getattr(there[key], who, None):
                    yield problem(section, f"{key}.{who}", "has no wording", f"the figures ask it of {who}")
    for function in figures.functions:
        if (text := texts.functions.get(function.id)) and not function.ahead_counts and not text.over:
            yield problem("functions", f"{function.id}.over", "is missing", "say what the over-version looks like")
    for activity in figures.activities:
        if written := texts.activities.get(activity.id):
            if activity.caution != bool(written.caution):
                yield problem("activities", f"{activity.id}.caution", "does not fit the figures", "add or remove it")
            if bool(activity.evidence) != bool(written.source):
                yield problem("activities", f"{activity.id}.source", "does not fit the figures", "add or remove it")
    for period in figures.periods:
        shorts = [texts.adversity[f.id].short for f in period.adversity if f.id in texts.adversity]
        shorts += [texts.relational[r].short for r in period.relational if r in texts.relational]
        for twice in sorted({s for s in shorts if shorts.count(s) > 1}):
            yield problem("periods", period.id, f"two buttons would read {twice!r}", "give each its own words")
