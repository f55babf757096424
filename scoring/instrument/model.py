"""The instrument as typed, frozen data: figures first, then the words in each language.

The rules behind the figures are described in docs/scoring.md. Ages are completed months; a range of months is half-open
and `None` is an open end; a pair of whole numbers is a fraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Kind = Literal["therapeutic", "educational", "enrichment"]
Who = Literal["carer", "school", "self"]
Tier = Literal["build_first", "strengthen", "extend"]
Band = Literal["severe", "moderate", "mild", "typical"]


def _pair_to_fraction(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value) and value[1] != 0:
        return Fraction(value[0], value[1])
    return value


Ratio = Annotated[Fraction, BeforeValidator(_pair_to_fraction)]
Line = Annotated[str, Field(min_length=1)]


class Frozen(BaseModel):
    """A record that neither changes nor takes a field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


Strings = Annotated[tuple[str, ...], Field(strict=False)]
Whos = Annotated[tuple[Who, ...], Field(strict=False)]
Ints = Annotated[tuple[int, ...], Field(strict=False)]
IntPair = Annotated[tuple[int, int], Field(strict=False)]
Span = Annotated[tuple[int, int | None], Field(strict=False)]


class Suggestion(Frozen):
    times: Ratio
    add: int


class Rules(Frozen):
    tier_edges_percent: IntPair
    known_share_min: Ratio
    infant_below_months: int
    infant_tier_edges_mean_gap: Annotated[tuple[Ratio, Ratio], Field(strict=False)]
    period_unknown_share_max: Ratio
    relational_now_known_min: int
    ratings_disagree_from: int
    carer_steps_disagree_from: int
    function_moved_from: int
    domain_moved_from_percent: int
    domain_moved_weighted_steps_min: int
    carry_over_months: int
    corrected_age_below_months: int
    no_tier_from_months: int
    near_edge_percent: int
    set_aside_share_max: Ratio
    new_band_months: int
    family_minutes_max: int
    look_closer_functions_max: int
    look_closer_activities_max: int
    age_max_months: int


class RatingScale(Frozen):
    min: int
    max: int
    bands: dict[Band, IntPair]


class HistoryFactor(Frozen):
    id: str
    asked_of: Whos


class Period(Frozen):
    """A developmental period; `from_months` is `None` for the time before birth."""

    id: str
    from_months: int | None
    to_months: int | None
    adversity: Annotated[tuple[HistoryFactor, ...], Field(strict=False)]
    relational: Strings

    def has_begun(self, age_months: int) -> bool:
        return self.from_months is None or self.from_months <= age_months


class RelationalFactor(Frozen):
    id: str
    asked_of: Whos


class HarmFactor(Frozen):
    """A harm factor; a plan waits while it is present at `waits_from` or more (`None`: it never makes a plan wait)."""

    id: str
    waits_from: int | None


class SafetyQuestion(Frozen):
    id: str
    asked_from_months: int
    asked_to_months: int | None
    now_months: Span | None
    asked_of: Whos
    gate: bool
    no_contact_lifts: bool

    def is_asked_at(self, age_months: int) -> bool:
        return self.asked_from_months <= age_months and (
            self.asked_to_months is None or age_months < self.asked_to_months
        )

    def urgency_at(self, age_months: int) -> Literal["now", "this_week"]:
        if self.now_months is None:
            return "this_week"
        first, end = self.now_months
        return "now" if first <= age_months and (end is None or age_months < end) else "this_week"


class Place(Frozen):
    """Where a function stands in the picture: row 1 is lowest, x in cells from the midline, front negative."""

    row: int
    x: float


class Function(Frozen):
    id: str
    region: str
    icf: Strings
    weights: dict[str, int]
    expected: Annotated[tuple[int | None, ...], Field(strict=False)]
    asked_of: Whos
    ahead_counts: bool
    look_closer_from: int
    place: Place


class Activity(Frozen):
    """One activity of the library; dose is `minutes` a time and `per_week` times (0.5: every other week)."""

    id: str
    kind: Kind
    targets: Strings
    functions: Strings
    supports: Strings
    from_months: int
    to_months: int | None
    setting: str
    lead: str
    minutes: int
    per_week: Annotated[float, Field(strict=False)]
    adds_load: bool
    caution: bool
    not_while: Strings
    not_if_current: Strings
    only_after_harm: bool
    evidence: str | None

    def fits_age(self, counted_months: int) -> bool:
        return self.from_months <= counted_months and (self.to_months is None or counted_months < self.to_months)


# --- words -----------------------------------------------------------------------------------------------------------


class Anchors(Frozen):
    severe: Line
    moderate: Line
    mild: Line
    typical: Line


class AskedWithScenes(Frozen):
    """A plain question with everyday scenes by the age from which each fits, in months."""

    question: Line
    examples: dict[int, Line]

    def example_at(self, age_months: int) -> str:
        return self.examples[max((m for m in self.examples if m <= age_months), default=min(self.examples))]


class AskedOfSelf(Frozen):
    question: Line
    example: Line


class FunctionText(Frozen):
    name: Annotated[str, Field(min_length=1, max_length=34)]
    short: Annotated[str, Field(min_length=1, max_length=15)]
    plain: Line
    question: Annotated[str, Field(min_length=1, max_length=200)]
    why: Annotated[str, Field(min_length=1, max_length=220)]
    anchors: Anchors
    over: str | None = None
    carer: AskedWithScenes | None = None
    school: AskedWithScenes | None = None
    self: AskedOfSelf | None = None


Short = Annotated[str, Field(min_length=1, max_length=20)]


class AdultWords(Frozen):
    short: Short | None = None
    full: str | None = None


class FactorText(Frozen):
    """A history factor or a present relationship: `short` is a button's words (at most 20 characters)."""

    short: Short
    full: Line
    plain: Line
    adult: AdultWords = AdultWords()
    carer: str | None = None
    carer_adult: str | None = None
    school: str | None = None
    self: str | None = None


class DangerAsked(Frozen):
    question: Line
    meant: str | None = None
    act: str | None = None


class SafetyText(Frozen):
    short: Short
    question: Line
    meant: Line
    act: Line
    plain: Line
    carer: DangerAsked | None = None
    carer_adult: DangerAsked | None = None
    school: DangerAsked | None = None
    self: DangerAsked | None = None


class AdultActivity(Frozen):
    name: str | None = None
    what: str | None = None
    how: Strings | None = None


class ActivityText(Frozen):
    name: Annotated[str, Field(min_length=1, max_length=60)]
    what: Line
    how: Annotated[tuple[Line, ...], Field(strict=False, min_length=3, max_length=7)]
    helps: Line
    stop: Line
    caution: str | None = None
    adult: AdultActivity = AdultActivity()
    source: str | None = None


class PeriodText(Frozen):
    name: Annotated[str, Field(min_length=1, max_length=20)]
    when: Line
    carer: Line
    self: Line


class HarmText(Frozen):
    still: Line
    named: Line
    plain_now: Line


class ScaleWord(Frozen):
    word: Line
    handle: str = ""


class AreaText(Frozen):
    name: Line
    plain: Line
    about: Line


class TierText(Frozen):
    word: Line
    about: Line


class FactText(Frozen):
    short: Short
    full: Line
    why: Line


class NoticeText(Frozen):
    points: Annotated[tuple[Line, ...], Field(strict=False, min_length=5)]
    short: Annotated[str, Field(min_length=1, max_length=200)]
    carer: Annotated[tuple[Line, ...], Field(strict=False, min_length=3)]


class Texts(Frozen):
    """Every word of the instrument in one language."""

    functions: dict[str, FunctionText]
    adversity: dict[str, FactorText]
    relational: dict[str, FactorText]
    relational_now: dict[str, FactorText]
    safety: dict[str, SafetyText]
    activities: dict[str, ActivityText]
    periods: dict[str, PeriodText]
    harm: dict[str, HarmText]
    scales: dict[str, dict[str, ScaleWord]]
    regions: dict[str, AreaText]
    domains: dict[str, AreaText]
    statuses: dict[str, str]
    tiers: dict[str, TierText]
    facts: dict[str, FactText]
    notice: NoticeText


class Figures(Frozen):
    """All figures of one version of the instrument, without a word of text."""

    id: str
    version: str
    languages: Strings
    age_bands_from_months: Ints
    domains: Strings
    regions: Strings
    rating: RatingScale
    adversity_scale: Strings
    relational_scale: Strings
    carer_scale: Strings
    carer_suggestion: dict[str, Suggestion]
    rules: Rules
    periods: Annotated[tuple[Period, ...], Field(strict=False)]
    relational_now: Annotated[tuple[RelationalFactor, ...], Field(strict=False)]
    harm_factors: Annotated[tuple[HarmFactor, ...], Field(strict=False)]
    harm_ever: Strings
    of_self: Strings
    safety: Annotated[tuple[SafetyQuestion, ...], Field(strict=False)]
    functions: Annotated[tuple[Function, ...], Field(strict=False)]
    activities: Annotated[tuple[Activity, ...], Field(strict=False)]


class Instrument(Frozen):
    """One loaded version of the instrument: figures, texts by language, and the digest of it all.

    `sha256` is taken over the canonical JSON (sorted keys, no spaces, UTF-8) of figures and texts, so a changed word
    changes it as a changed weight does.
    """

    figures: Figures
    texts: Mapping[str, Texts]
    sha256: str

    @property
    def id(self) -> str:
        return self.figures.id

    @property
    def version(self) -> str:
        return self.figures.version

    @property
    def words(self) -> Texts:
        """The English texts, the ones every other language is checked against."""
        return self.texts["en"]

    @cached_property
    def function(self) -> Mapping[str, Function]:
        return {f.id: f for f in self.figures.functions}

    @cached_property
    def period(self) -> Mapping[str, Period]:
        return {p.id: p for p in self.figures.periods}

    @cached_property
    def activity(self) -> Mapping[str, Activity]:
        return {a.id: a for a in self.figures.activities}

    @cached_property
    def safety_question(self) -> Mapping[str, SafetyQuestion]:
        return {s.id: s for s in self.figures.safety}

    @cached_property
    def harm(self) -> Mapping[str, HarmFactor]:
        return {h.id: h for h in self.figures.harm_factors}

    def band_index(self, counted_months: int) -> int:
        """Index of the age band: the last edge that is not above the age that counts."""
        edges = self.figures.age_bands_from_months
        return max(i for i, edge in enumerate(edges) if edge <= counted_months)

    def expected(self, function: Function, counted_months: int) -> int | None:
        """The rating expected at this age, 1–11, or `None` where the function is not asked."""
        return function.expected[self.band_index(counted_months)]
