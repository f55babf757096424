"""From a case to its profile, in whole numbers and fractions; the rules are those of docs/scoring.md, step by step.

Every figure used comes from the instrument; every rule here is our own convention, provisional and unvalidated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

from scoring.case import Case, PeriodAnswers, completed_months, due_date
from scoring.instrument import Instrument
from scoring.instrument.model import Function, Period
from scoring.profile import (
    AreaResult,
    FunctionResult,
    PeriodResult,
    Profile,
    RaisedFlag,
    RelationalNowResult,
    Status,
)

HUNDRED = Fraction(100)
#: An adversity factor of one period that stands for a harm factor in it.
STANDS_FOR: Mapping[tuple[str, str], str] = {("before_birth", "violence_at_home"): "violence_in_pregnancy"}
EARLY_BIRTH = ("newborn", "early_or_small_birth")
ASK_NEXT_MAX = 5


def score(case: Case, instrument: Instrument) -> Profile:
    """The profile of a case: what is known, what is expected, how far apart, and how sure that is.

    Returns
    -------
    Profile
        Exact values; percents 0–100, gaps in steps of the 1–12 rating. Unknown is `None`, never nought.

    Examples
    --------
    >>> from datetime import date
    >>> from scoring.instrument import load
    >>> profile = score(Case(label="Sample", born=date(2018, 3, 14), assessed=date(2026, 4, 1)), load())
    >>> profile.age_months, profile.domains["cognitive"].shown, profile.domains["cognitive"].known_share
    (96, False, Fraction(0, 1))
    """
    figures = instrument.figures
    age = case.age_months
    counted = counted_months(case, instrument)
    unsure = is_age_unsure(case, instrument)
    functions = tuple(_function(f, case, instrument, counted) for f in figures.functions)
    rated = list(zip(figures.functions, functions, strict=True))

    def area(weight: Callable[[Function], int]) -> AreaResult:
        weighed = [(weight(f), result) for f, result in rated if weight(f) > 0]
        return _area(weighed, instrument, age=age, counted=counted, age_unsure=unsure)

    domains = {d: area(lambda f, d=d: f.weights[d]) for d in figures.domains}  # type: ignore[misc]
    return Profile(
        instrument_id=instrument.id,
        instrument_version=instrument.version,
        instrument_sha256=instrument.sha256,
        label=case.label,
        assessed=case.assessed,
        age_months=age,
        counted_months=counted,
        age_band=_age_band(counted, figures.age_bands_from_months),
        age_unsure=unsure,
        new_band=_is_new_band(counted, instrument),
        functions=functions,
        domains=domains,
        regions={r: area(lambda f, r=r: int(f.region == r)) for r in figures.regions},  # type: ignore[misc]
        history={
            p.id: _period(p, case.history.get(p.id, PeriodAnswers()), instrument)
            for p in figures.periods
            if p.has_begun(age)
        },
        relational_now=_relational_now(case, instrument),
        safety=_raised(case, instrument),
        safety_unknown=tuple(s.id for s in figures.safety if s.is_asked_at(age) and s.id not in case.safety),
        still_happening=_still_happening(case, instrument),
        strengths=_strengths(rated),
        ask_next=_ask_next(rated),
        order=_order(domains, figures.domains),
    )


# --- age -------------------------------------------------------------------------------------------------------------


def counted_months(case: Case, instrument: Instrument) -> int:
    """The age that counts for bands, items and activities: corrected for an early birth under 24 months lived."""
    if case.weeks_early is None or case.age_months >= instrument.figures.rules.corrected_age_below_months:
        return case.age_months
    return max(0, completed_months(due_date(case.born, case.weeks_early), case.assessed))


def is_age_unsure(case: Case, instrument: Instrument) -> bool:
    """Whether the person was born early by an unknown number of weeks, at an age where that matters."""
    period, factor = EARLY_BIRTH
    early = case.history.get(period, PeriodAnswers()).adversity.get(factor, 0) >= 1
    return early and case.weeks_early is None and case.age_months < instrument.figures.rules.corrected_age_below_months


def _age_band(counted: int, edges: Sequence[int]) -> str:
    index = max(i for i, edge in enumerate(edges) if edge <= counted)
    return f"{edges[index]}-{edges[index + 1]}" if index + 1 < len(edges) else f"{edges[index]}+"


def _is_new_band(counted: int, instrument: Instrument) -> bool:
    index = instrument.band_index(counted)
    edge = instrument.figures.age_bands_from_months[index]
    return index > 0 and counted - edge < instrument.figures.rules.new_band_months


# --- functions -------------------------------------------------------------------------------------------------------


def _function(function: Function, case: Case, instrument: Instrument, counted: int) -> FunctionResult:
    rating = case.functions.get(function.id)
    expected = instrument.expected(function, counted)
    gap: int | None = None
    status: Status | None = None
    if function.id in case.set_aside:
        status = "set_aside"
    elif rating is not None and expected is not None:
        gap = expected - rating if function.ahead_counts else max(0, expected - rating)
        status = _status(gap)
    return FunctionResult(
        id=function.id,
        region=function.region,
        rating=rating,
        expected=expected,
        gap=gap,
        band=None if rating is None else band_of(rating, instrument),
        status=status,
    )


def band_of(rating: int, instrument: Instrument) -> str:
    """The band a rating of 1–12 falls into."""
    return next(b for b, (low, high) in instrument.figures.rating.bands.items() if low <= rating <= high)


def _status(gap: int) -> Status:
    if gap < 0:
        return "ahead"
    if gap <= 1:
        return "as_expected"
    return "behind" if gap <= 3 else "far_behind"


def _counts(result: FunctionResult) -> bool:
    """Applicable at this age and not set aside."""
    return result.expected is not None and result.status != "set_aside"


# --- domains and regions ---------------------------------------------------------------------------------------------

_NOTHING = AreaResult(None, None, None, None, None, None, None, None, None, shown=False)


def _area(
    weighed: Iterable[tuple[int, FunctionResult]], instrument: Instrument, *, age: int, counted: int, age_unsure: bool
) -> AreaResult:
    """A domain or region from its functions with their weights: the percent of what is expected, and its bounds."""
    rules, least = instrument.figures.rules, instrument.figures.rating.min
    applicable = [(w, r, r.expected) for w, r in weighed if r.expected is not None]
    counting = [(w, r, e) for w, r, e in applicable if r.status != "set_aside"]
    whole = sum(w * e for w, _, e in counting)
    if not whole:
        return _NOTHING
    known = [(w, r.rating, e) for w, r, e in counting if r.rating is not None]
    unknown = [(w, e) for w, r, e in counting if r.rating is None]
    known_whole = sum(w * e for w, _, e in known)
    known_share = Fraction(known_whole, whole)
    aside = sum(w * e for w, _, e in applicable) - whole
    shown = known_share >= rules.known_share_min and aside <= rules.set_aside_share_max * (aside + whole)

    def reached(step: int) -> int:
        return sum(w * min(max(rating + step, least), e) for w, rating, e in known)

    mean_gap = Fraction(known_whole - reached(0), sum(w for w, _, _ in known)) if known else None
    low: Fraction | None = HUNDRED * (reached(0) + sum(w * least for w, _ in unknown)) / whole
    high: Fraction | None = HUNDRED * (reached(0) + sum(w * e for w, e in unknown)) / whole
    percent = step_low = step_high = None
    if shown:
        assert low is not None
        percent = max(HUNDRED * reached(0) / known_whole, low)
        step_low, step_high = HUNDRED * reached(-1) / known_whole, HUNDRED * reached(1) / known_whole
    near = (
        None if percent is None else any(abs(percent - e) < rules.near_edge_percent for e in rules.tier_edges_percent)
    )
    tier = None
    infant = counted < rules.infant_below_months
    if shown and age < rules.no_tier_from_months and not age_unsure:
        assert percent is not None
        assert mean_gap is not None
        tier = _infant_tier(mean_gap, instrument) if infant else _tier(percent, instrument)
    if infant:  # one step is too large a share of so small an expectation
        percent = low = high = step_low = step_high = near = None
    return AreaResult(percent, low, high, step_low, step_high, near, known_share, mean_gap, tier, shown)


def _tier(percent: Fraction, instrument: Instrument) -> str:
    build_below, extend_from = instrument.figures.rules.tier_edges_percent
    if percent < build_below:
        return "build_first"
    return "strengthen" if percent < extend_from else "extend"


def _infant_tier(mean_gap: Fraction, instrument: Instrument) -> str:
    strengthen_from, build_from = instrument.figures.rules.infant_tier_edges_mean_gap
    if mean_gap >= build_from:
        return "build_first"
    return "strengthen" if mean_gap >= strengthen_from else "extend"


def _order(domains: Mapping[str, AreaResult], bottom_up: Sequence[str]) -> tuple[str, ...]:
    """Domains with a tier: first the lowest that is not `extend`, then by tier, bottom-up within a tier."""
    tiers = ("build_first", "strengthen", "extend")
    by_tier = sorted(
        (d for d in bottom_up if domains[d].tier),
        key=lambda d: (tiers.index(domains[d].tier or ""), bottom_up.index(d)),
    )
    first = next((d for d in bottom_up if domains[d].tier in ("build_first", "strengthen")), None)
    return tuple(by_tier) if first is None else (first, *(d for d in by_tier if d != first))


# --- history and relationships ---------------------------------------------------------------------------------------


def _load(adversity: Fraction, relational: Fraction) -> Fraction:
    return 50 * adversity + 50 * (1 - relational)


def _adversity(values: Sequence[int], asked: int) -> Fraction:
    """A: the worst answer counts three times; what is unknown is taken like what is known."""
    return min(Fraction(1), (2 * max(values) + Fraction(asked, len(values)) * sum(values)) / 15)


def _period(period: Period, answers: PeriodAnswers, instrument: Instrument) -> PeriodResult:
    asked_a, asked_b = len(period.adversity), len(period.relational)
    a, b = list(answers.adversity.values()), list(answers.relational.values())
    unknown_a, unknown_b = asked_a - len(a), asked_b - len(b)
    unknown_share = Fraction(unknown_a + unknown_b, asked_a + asked_b)
    low = _load(_adversity([*a, *[0] * unknown_a], asked_a), Fraction(sum(b) + 3 * unknown_b, 3 * asked_b))
    high = _load(_adversity([*a, *[3] * unknown_a], asked_a), Fraction(sum(b), 3 * asked_b))
    shown = unknown_share <= instrument.figures.rules.period_unknown_share_max and bool(a) and bool(b)
    if not shown:
        return PeriodResult(None, None, None, low, high, unknown_share, shown=False)
    adversity, relational = _adversity(a, asked_a), Fraction(sum(b), 3 * len(b))
    return PeriodResult(
        adversity=100 * adversity,
        relational=100 * relational,
        load=_load(adversity, relational),
        low=low,
        high=high,
        unknown_share=unknown_share,
        shown=True,
    )


def _relational_now(case: Case, instrument: Instrument) -> RelationalNowResult:
    asked = len(instrument.figures.relational_now)
    values = list(case.relational_now.values())
    shown = len(values) >= instrument.figures.rules.relational_now_known_min
    return RelationalNowResult(
        percent=Fraction(100 * sum(values), 3 * len(values)) if shown else None,
        low=Fraction(100 * sum(values), 3 * asked),
        high=Fraction(100 * (sum(values) + 3 * (asked - len(values))), 3 * asked),
        known_share=Fraction(len(values), asked),
        shown=shown,
    )


# --- safety and harm -------------------------------------------------------------------------------------------------


def _raised(case: Case, instrument: Instrument) -> tuple[RaisedFlag, ...]:
    """Flags that are yes, urgent ones first, then in instrument order; a yes counts at any age."""
    raised = [
        RaisedFlag(s.id, s.urgency_at(case.age_months)) for s in instrument.figures.safety if case.safety.get(s.id)
    ]
    return tuple(sorted(raised, key=lambda flag: flag.urgency != "now"))


def harm_value_now(case: Case, harm: str, instrument: Instrument) -> int | None:
    """How heavy a harm is at present, 0–3, or `None` where nobody knows.

    A birthday ends no harm: what is asked in the present period and unknown there is taken from the last earlier
    period in which it is known; in the first 24 months of a period so is what is not asked in it.
    """
    begun = [p for p in instrument.figures.periods if p.has_begun(case.age_months)]
    present, earlier = begun[-1], begun[-2::-1]
    if (value := _harm_in(case, present, harm)) is not None:
        return value
    lived_in_it = case.age_months - (present.from_months or 0)
    if not _asks(present, harm) and lived_in_it >= instrument.figures.rules.carry_over_months:
        return None
    return next((value for p in earlier if (value := _harm_in(case, p, harm)) is not None), None)


def _factor_in(period: Period, harm: str) -> str:
    return STANDS_FOR.get((period.id, harm), harm)


def _asks(period: Period, harm: str) -> bool:
    return _factor_in(period, harm) in {f.id for f in period.adversity}


def _harm_in(case: Case, period: Period, harm: str) -> int | None:
    return case.history.get(period.id, PeriodAnswers()).adversity.get(_factor_in(period, harm))


def is_harm_present(case: Case, harm: str, instrument: Instrument) -> bool:
    """Whether a harm is there at present, at any weight, as far as anyone has said."""
    return (harm_value_now(case, harm, instrument) or 0) >= 1


def _still_happening(case: Case, instrument: Instrument) -> tuple[str, ...]:
    """Harms answered yes, and present ones of which nobody has said whether they go on."""
    return tuple(
        h.id
        for h in instrument.figures.harm_factors
        if case.still_happening.get(h.id)
        or (h.id not in case.still_happening and is_harm_present(case, h.id, instrument))
    )


# --- what stands out -------------------------------------------------------------------------------------------------

Rated = Sequence[tuple[Function, FunctionResult]]


def _strengths(rated: Rated) -> tuple[str, ...]:
    """Functions at or above what is expected, largest lead first; an over-version is no strength."""
    leads = [
        (result.rating - result.expected, function.id)
        for function, result in rated
        if _counts(result)
        and result.rating is not None
        and result.expected is not None
        and result.rating >= result.expected
        and (function.ahead_counts or result.rating == result.expected)
    ]
    return tuple(name for _, name in sorted(leads, key=lambda lead: -lead[0]))


def _ask_next(rated: Rated) -> tuple[str, ...]:
    """The unknown functions whose answer would narrow the result most."""
    weights = [
        (sum(function.weights.values()) * (result.expected or 0), function.id)
        for function, result in rated
        if _counts(result) and result.rating is None
    ]
    return tuple(name for _, name in sorted(weights, key=lambda entry: -entry[0])[:ASK_NEXT_MAX])
