"""What the instrument's files must agree on among themselves: ids, ages, weights, texts, a library that never runs dry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import get_args

from scoring.instrument.model import AT_HOME, Activity, Band, Figures, Function, Texts
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
#: Answers to a question about the past or about relationships: 0 to 3.
ANSWERS = 4
BANDS: tuple[Band, ...] = get_args(Band)
#: What the history offers beside the answers of its scales.
NOT_KNOWN = "not_known"


def cross_checks(figures: Figures, texts: Texts, locale: str, file_of: Mapping[str, str]) -> Iterator[Problem]:
    """Every disagreement between figures and texts; nothing where all is well."""
    if locale == "en":
        yield from _unique_ids(figures)
        yield from _earlier_versions(figures)
        yield from _scales(figures)
        yield from _periods(figures)
        yield from _safety(figures)
        yield from _functions(figures)
        yield from _references(figures)
        yield from _activities(figures)
        ages = [*_age_bands(figures), *_activity_ages(figures)]
        yield from ages
        if not ages:  # what can be chosen at an age can be told only where ages are sound
            yield from _reachable(figures)
            yield from _never_runs_dry(figures)
    yield from _texts(figures, texts, locale, file_of)


def _frame(place: str, message: str, remedy: str) -> Problem:
    return Problem("instrument.yaml", place, message, remedy)


def _twice(ids: Sequence[str]) -> list[str]:
    return sorted({i for i in ids if ids.count(i) > 1})


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
        *[
            ("instrument.yaml", name, getattr(figures, name))
            for name in (
                *("domains", "regions", "adversity_scale", "relational_scale", "carer_scale"),
                *("harm_ever", "of_self"),
            )
        ],
    ]
    for file, place, ids in groups:
        for twice in _twice(ids):
            yield Problem(file, f"{place}.{twice}", "the id stands twice", "give each its own id")


def _earlier_versions(figures: Figures) -> Iterator[Problem]:
    known = {f.id for f in figures.functions}
    for version, changed in figures.earlier_versions.items():
        place = f"earlier_versions.{version}"
        if version == figures.version:
            yield _frame(place, "is the version of this instrument", "list only what came before it")
        for stray in [name for name in changed if name not in known]:
            yield _frame(place, f"{stray} is not a function", "mend the id, or remove it where it is asked no more")
        for twice in _twice(changed):
            yield _frame(place, f"{twice} stands twice", "name each function once")


def _scales(figures: Figures) -> Iterator[Problem]:
    rating, rules = figures.rating, figures.rules
    if rating.min >= rating.max:
        yield _frame("rating", "does not rise from min to max", "put them in order")
    ends, wanted = [rating.min - 1], [band for band in BANDS if band in rating.bands]
    for band in BANDS:
        if band not in rating.bands:
            yield _frame(f"rating.bands.{band}", "is missing", "give its lowest and highest rating")
    for band in wanted:
        low, high = rating.bands[band]
        if low != ends[-1] + 1 or high < low:
            yield _frame(f"rating.bands.{band}", f"does not begin at {ends[-1] + 1}", "let band follow band from min")
        ends.append(high)
    if wanted and ends[-1] != rating.max:
        yield _frame(f"rating.bands.{wanted[-1]}", f"does not end at {rating.max}", "let the last band end at max")
    for name in ("tier_edges_percent", "infant_tier_edges_mean_gap"):
        low_edge, high_edge = getattr(rules, name)
        if low_edge >= high_edge:
            yield _frame(f"rules.{name}", "does not rise", "write the lower edge first")
    if rules.relational_now_known_min > len(figures.relational_now):
        yield _frame("rules.relational_now_known_min", "is more than are asked", "write how many must be known")
    for scale in ("adversity_scale", "relational_scale"):
        if len(getattr(figures, scale)) != ANSWERS:
            yield _frame(scale, f"has not {ANSWERS} answers", f"name the answers 0 to {ANSWERS - 1}")
    for missing in [a for a in figures.carer_scale if a not in figures.carer_suggestion]:
        yield _frame(f"carer_suggestion.{missing}", "is missing", "say what a carer's answer suggests")
    for stray in [a for a in figures.carer_suggestion if a not in figures.carer_scale]:
        yield _frame(f"carer_suggestion.{stray}", "is no answer of carer_scale", "remove it or mend the name")
    for harm in figures.harm_factors:
        if harm.waits_from is not None and not 1 <= harm.waits_from < ANSWERS:
            yield _frame(
                f"harm_factors.{harm.id}.waits_from", f"is {harm.waits_from}", f"use 1 to {ANSWERS - 1} or null"
            )


def _age_bands(figures: Figures) -> Iterator[Problem]:
    edges = figures.age_bands_from_months
    if list(edges) != sorted(set(edges)) or not edges or edges[0] != 0:
        yield _frame("age_bands_from_months", "is not a rising list from 0", "put the edges in order")
    for function in figures.functions:
        if len(function.expected) != len(edges):
            at = f"functions.{function.id}.expected"
            yield Problem("functions.yaml", at, f"has not {len(edges)} values", "one for each age band")


def _periods(figures: Figures) -> Iterator[Problem]:
    if not figures.periods:
        yield _frame("periods", "is empty", "list the periods from before birth on")
    for before, after in zip(figures.periods, figures.periods[1:], strict=False):
        if after.from_months is None or before.to_months != after.from_months:
            yield _frame(f"periods.{after.id}", "does not begin where the one before ends", "join them")
        if after.from_months is not None and after.to_months is not None and after.to_months <= after.from_months:
            yield _frame(f"periods.{after.id}.to_months", "ends before it begins", "mend the age range")
    for first in figures.periods[:1]:
        if first.from_months is not None or first.to_months != 0:
            yield _frame(f"periods.{first.id}", "is not the time before birth", "from null to 0")
    for last in figures.periods[-1:]:
        if last.to_months is not None:
            yield _frame(f"periods.{last.id}.to_months", "ends", "write null: the last period is open")


def _safety(figures: Figures) -> Iterator[Problem]:
    for question in figures.safety:
        at = f"safety.{question.id}"
        if question.asked_to_months is not None and question.asked_to_months <= question.asked_from_months:
            yield _frame(f"{at}.asked_to_months", "ends before it begins", "mend the age range")
        if question.now_months is not None:
            first, end = question.now_months
            if first < 0 or (end is not None and end <= first):
                yield _frame(f"{at}.now_months", "ends before it begins, or begins before birth", "mend the age range")
        if question.no_contact_lifts and not question.gate:
            yield _frame(f"{at}.no_contact_lifts", "lifts what does not wait", "only where gate is true")


def _functions(figures: Figures) -> Iterator[Problem]:
    places: dict[tuple[int, float], str] = {}
    for function in figures.functions:
        at = f"functions.{function.id}"
        if function.region not in figures.regions:
            yield Problem("functions.yaml", f"{at}.region", f"unknown region {function.region!r}", "use a listed one")
        if not function.weights or set(function.weights) != set(figures.domains):
            yield Problem("functions.yaml", f"{at}.weights", "does not name each domain once", "one whole number each")
        elif min(function.weights.values()) < 0 or max(function.weights.values()) < 1:
            yield Problem(
                "functions.yaml", f"{at}.weights", "has no weight above 0, or one below", "weigh it somewhere"
            )
        for value in function.expected:
            if value is not None and not figures.rating.min <= value <= figures.rating.max - 1:
                yield Problem("functions.yaml", f"{at}.expected", f"{value} is out of range", "use 1 to 11 or null")
        known = [v for v in function.expected if v is not None]
        if not known or known != sorted(known) or None in function.expected[len(function.expected) - len(known) :]:
            yield Problem("functions.yaml", f"{at}.expected", "falls or stops with age", "null first, then rising")
        for twice in _twice(function.asked_of):
            yield Problem("functions.yaml", f"{at}.asked_of", f"{twice!r} stands twice", "name each once")
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
            for twice in _twice(ids):
                yield Problem("activities.yaml", f"{at}.{field}", f"{twice!r} stands twice", "name each once")
    for field, ids, known in (
        ("harm_factors", tuple(sorted(harm)), factors),
        ("harm_ever", figures.harm_ever, factors),
        ("of_self", figures.of_self, held),
    ):
        for unknown in sorted(set(ids) - known):
            yield _frame(field, f"unknown id {unknown!r}", "use the id of a factor")
    for forgotten in sorted(harm - set(figures.harm_ever)):
        yield _frame("harm_ever", f"{forgotten!r} of harm_factors is missing", "add it")


def _activities(figures: Figures) -> Iterator[Problem]:
    if FALLBACK_ACTIVITY not in {a.id for a in figures.activities}:
        yield Problem("activities.yaml", FALLBACK_ACTIVITY, "is missing", "the closer look needs it as a last resort")
    for activity in figures.activities:
        at = f"activities.{activity.id}"
        for dose in ("minutes", "per_week"):
            if getattr(activity, dose) <= 0:
                yield Problem("activities.yaml", f"{at}.{dose}", "is no dose", "write a number above 0")
        if activity.adds_load and activity.lead not in AT_HOME:
            yield Problem(
                "activities.yaml", f"{at}.adds_load", f"is true, but {activity.lead} leads it", "only what home leads"
            )


def _activity_ages(figures: Figures) -> Iterator[Problem]:
    for activity in figures.activities:
        at = f"activities.{activity.id}"
        if activity.from_months < 0:
            yield Problem("activities.yaml", f"{at}.from_months", "begins before birth", "write 0 or more months")
        if activity.to_months is not None and activity.to_months <= activity.from_months:
            yield Problem("activities.yaml", f"{at}.to_months", "ends before it begins", "mend the age range")


def _reachable(figures: Figures) -> Iterator[Problem]:
    for activity in figures.activities:
        if activity.id != FALLBACK_ACTIVITY and not _is_reachable(activity, figures):
            yield Problem(
                "activities.yaml",
                f"activities.{activity.id}",
                "can never be chosen",
                "give it a target whose functions it lists, or supports",
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


#: Sections whose items are asked of informants, each with a wording of its own.
ASKED_OF_SOMEBODY = ("functions", "adversity", "relational", "relational_now", "safety")


class _Places:
    """The file in which a text stands, or in which it belongs where it is missing."""

    def __init__(self, figures: Figures, locale: str, file_of: Mapping[str, str]) -> None:
        self._base = f"locales/{locale}"
        self._file_of = file_of
        self.read = frozenset(file_of.values())
        self._group = {("functions", f.id): f.region for f in figures.functions}
        self._group |= {("activities", a.id): a.targets[0] if a.targets else "specialist" for a in figures.activities}

    def file(self, section: str, key: str) -> str:
        name = key.partition(".")[0]
        if known := self._file_of.get(f"{section}.{name}"):
            return known
        if group := self._group.get((section, name)):
            return f"{self._base}/{section}/{group}.yaml"
        return self._file_of.get(section, self._base)

    def problem(self, section: str, key: str, message: str, remedy: str) -> Problem:
        return Problem(self.file(section, key), f"{section}.{key}", message, remedy)


def _missing(section: str, keys: Iterable[str], places: _Places) -> Iterator[Problem]:
    """Items without words; where a whole file is gone, the file and not each of its items."""
    gone: Counter[str] = Counter()
    for key in keys:
        file = places.file(section, key)
        if file in places.read:
            yield Problem(file, f"{section}.{key}", "has no text", "write it as docs/wording.md shows")
        else:
            gone[file] += 1
    for file, items in gone.items():
        yield Problem(file, "", f"is missing, and with it the words of {items} items", "put the file back")


def _scale_words(figures: Figures) -> Mapping[str, tuple[str, ...]]:
    """Scales that have words, with the answers each names."""
    return {
        "adversity": (*figures.adversity_scale, NOT_KNOWN),
        "relational": (*figures.relational_scale, NOT_KNOWN),
        "carer_adversity": (*figures.adversity_scale, NOT_KNOWN),
        "carer_relational": (*figures.relational_scale, NOT_KNOWN),
        "carer_scale": figures.carer_scale,
        "bands": BANDS,
    }


def _texts(figures: Figures, texts: Texts, locale: str, file_of: Mapping[str, str]) -> Iterator[Problem]:
    places = _Places(figures, locale, file_of)
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
        ("scales", texts.scales, dict.fromkeys(_scale_words(figures), ())),
        ("statuses", texts.statuses, dict.fromkeys(("ahead", "as_expected", "behind", "far_behind", "set_aside"), ())),
        ("tiers", texts.tiers, dict.fromkeys(KINDS_BY_TIER, ())),
        ("facts", texts.facts, dict.fromkeys(("hearing_checked", "sight_checked", "languages", "weeks_early"), ())),
    ]
    for section, there, ids in wanted:
        yield from _missing(section, [i for i in ids if i not in there], places)
        for stray in [i for i in there if i not in ids]:
            yield places.problem(section, stray, "no such id in the figures", "remove it or mend the id")
        if section not in ASKED_OF_SOMEBODY:
            continue
        for key, whos in ids.items():
            for who in ("carer", "school", "self"):
                worded = bool(getattr(there.get(key), who, None))
                if key in there and who in whos and not worded:
                    yield places.problem(section, f"{key}.{who}", "has no wording", f"the figures ask it of {who}")
                if who not in whos and worded:
                    yield places.problem(
                        section, f"{key}.{who}", f"the figures do not ask it of {who}", "remove it, or mend asked_of"
                    )
    for scale, answers in _scale_words(figures).items():
        words = texts.scales.get(scale, {})
        for missing in [a for a in answers if scale in texts.scales and a not in words]:
            yield places.problem("scales", f"{scale}.{missing}", "has no text", "write a word for the answer")
        for stray in [a for a in words if a not in answers]:
            yield places.problem("scales", f"{scale}.{stray}", "no such answer in the figures", "remove it or mend it")
    for function in figures.functions:
        if (text := texts.functions.get(function.id)) and not function.ahead_counts and not text.over:
            yield places.problem(
                "functions", f"{function.id}.over", "is missing", "say what the over-version looks like"
            )
    for activity in figures.activities:
        if written := texts.activities.get(activity.id):
            if activity.caution != bool(written.caution):
                yield places.problem(
                    "activities", f"{activity.id}.caution", "does not fit the figures", "add or remove it"
                )
            if bool(activity.evidence) != bool(written.source):
                yield places.problem(
                    "activities", f"{activity.id}.source", "does not fit the figures", "add or remove it"
                )
    for period in figures.periods:
        shorts = [texts.adversity[f.id].short for f in period.adversity if f.id in texts.adversity]
        shorts += [texts.relational[r].short for r in period.relational if r in texts.relational]
        for twice in sorted({s for s in shorts if shorts.count(s) > 1}):
            yield places.problem("periods", period.id, f"two buttons would read {twice!r}", "give each its own words")
