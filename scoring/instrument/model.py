"""The instrument as typed, frozen data: figures first, then the words in each language.

The rules behind the figures are described in docs/scoring.md. Ages are completed months; a range of months is half-open
and `None` is an open end; a pair of whole numbers is a fraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Kind = Literal["therapeutic", "educational", "enrichment"]
Who = Literal["carer", "school", "self"]
Tier = Literal["build_first", "strengthen", "extend"]
Band = Literal["severe", "moderate", "mild", "typical"]
Setting = Literal["home", "school", "clinic", "community"]
Lead = Literal[
    "carer",
    "family",
    "self",
    "clinician",
    "instructor",
    "mentor",
    "psychologist",
    "support worker",
    "teacher",
    "therapist",
]
#: Who leads what is done at home; only that can add to a family's load.
AT_HOME: frozenset[Lead] = frozenset({"carer", "family", "self"})


def _pair_to_fraction(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value) and value[1] != 0:
        return Fraction(value[0], value[1])
    return value


def _between_nought_and_one(value: Fraction) -> Fraction:
    if not 0 <= value <= 1:
        raise ValueError("is not a share: write a fraction from 0 to 1")
    return value


def _above_nought(value: Fraction) -> Fraction:
    if value <= 0:
        raise ValueError("is not above 0")
    return value


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank: write the text")
    return text


Ratio = Annotated[Fraction, BeforeValidator(_pair_to_fraction), AfterValidator(_above_nought)]
Share = Annotated[Fraction, BeforeValidator(_pair_to_fraction), AfterValidator(_between_nought_and_one)]
Months = Annotated[int, Field(ge=0)]
Percent = Annotated[int, Field(ge=0, le=100)]
AtLeastOne = Annotated[int, Field(ge=1)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
NotBlank = AfterValidator(_not_blank)
Line = Annotated[str, NotBlank]


class Frozen(BaseModel):
    """A record that neither changes nor takes a field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


Strings = Annotated[tuple[str, ...], Field(strict=False)]
Ids = Annotated[tuple[Id, ...], Field(strict=False)]
Whos = Annotated[tuple[Who, ...], Field(strict=False)]
Ints = Annotated[tuple[int, ...], Field(strict=False)]
IntPair = Annotated[tuple[int, int], Field(strict=False)]
Span = Annotated[tuple[int, int | None], Field(strict=False)]


class Suggestion(Frozen):
    times: Ratio
    add: int


class Rules(Frozen):
    tier_edges_percent: Annotated[tuple[Percent, Percent], Field(strict=False)]
    known_share_min: Share
    infant_below_months: Months
    infant_tier_edges_mean_gap: Annotated[tuple[Ratio, Ratio], Field(strict=False)]
    period_unknown_share_max: Share
    relational_now_known_min: AtLeastOne
    ratings_disagree_from: AtLeastOne
    carer_steps_disagree_from: AtLeastOne
    function_moved_from: AtLeastOne
    domain_moved_from_percent: Annotated[int, Field(ge=1, le=100)]
    domain_moved_weighted_steps_min: AtLeastOne
    carry_over_months: Months
    corrected_age_below_months: Months
    no_tier_from_months: Months
    near_edge_percent: Percent
    set_aside_share_max: Share
    new_band_months: Months
    family_minutes_max: AtLeastOne
    look_closer_functions_max: AtLeastOne
    look_closer_activities_max: AtLeastOne
    age_max_months: AtLeastOne


class RatingScale(Frozen):
    min: int
    max: int
    bands: dict[Band, IntPair]


class HistoryFactor(Frozen):
    id: Id
    asked_of: Whos


class Period(Frozen):
    """A developmental period; `from_months` is `None` for the time before birth."""

    id: Id
    from_months: int | None
    to_months: int | None
    adversity: Annotated[tuple[HistoryFactor, ...], Field(strict=False)]
    relational: Ids

    def has_begun(self, age_months: int) -> bool:
        return self.from_months is None or self.from_months <= age_months


class RelationalFactor(Frozen):
    id: Id
    asked_of: Whos


class HarmFactor(Frozen):
    """A harm factor; a plan waits while it is present at `waits_from` or more (`None`: it never makes a plan wait)."""

    id: Id
    waits_from: int | None


class SafetyQuestion(Frozen):
    id: Id
    asked_from_months: Months
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

    row: AtLeastOne
    x: Annotated[float, Field(allow_inf_nan=False)]


class Function(Frozen):
    id: Id
    region: str
    icf: Strings
    weights: dict[str, int]
    expected: Annotated[tuple[int | None, ...], Field(strict=False)]
    asked_of: Whos
    ahead_counts: bool
    look_closer_from: AtLeastOne
    place: Place


class Activity(Frozen):
    """One activity of the library; dose is `minutes` a time and `per_week` times (0.5: every other week)."""

    id: Id
    kind: Kind
    targets: Strings
    functions: Strings
    supports: Strings
    from_months: int
    to_months: int | None
    setting: Setting
    lead: Lead
    minutes: int
    per_week: Annotated[float, Field(allow_inf_nan=False)]
    adds_load: bool
    caution: bool
    not_while: Strings
    not_if_current: Strings
    only_after_harm: bool
    evidence: Line | None
    #: Whether it takes things that are not in every home or classroom.
    equipment: bool = False

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
    examples: Annotated[dict[Months, Line], Field(min_length=3)]

    def example_at(self, age_months: int) -> str:
        return self.examples[max((m for m in self.examples if m <= age_months), default=min(self.examples))]


class AskedOfSelf(Frozen):
    question: Line
    example: Line


class FunctionText(Frozen):
    name: Annotated[str, Field(max_length=34), NotBlank]
    short: Annotated[str, Field(max_length=15), NotBlank]
    plain: Line
    question: Annotated[str, Field(max_length=200), NotBlank]
    why: Annotated[str, Field(max_length=220), NotBlank]
    anchors: Anchors
    over: Line | None = None
    carer: AskedWithScenes | None = None
    school: AskedWithScenes | None = None
    self: AskedOfSelf | None = None


Short = Annotated[str, Field(max_length=20), NotBlank]


class AdultWords(Frozen):
    short: Short | None = None
    full: Line | None = None


class FactorText(Frozen):
    """A history factor or a present relationship: `short` is a button's words (at most 20 characters)."""

    short: Short
    full: Line
    plain: Line
    adult: AdultWords = AdultWords()
    carer: Line | None = None
    carer_adult: Line | None = None
    school: Line | None = None
    self: Line | None = None


class DangerAsked(Frozen):
    question: Line
    meant: Line | None = None
    act: Line | None = None


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
    name: Line | None = None
    what: Line | None = None
    how: Annotated[tuple[Line, ...], Field(strict=False, min_length=1)] | None = None


class ActivityText(Frozen):
    name: Annotated[str, Field(max_length=60), NotBlank]
    what: Line
    how: Annotated[tuple[Line, ...], Field(strict=False, min_length=3, max_length=7)]
    helps: Line
    stop: Line
    caution: Line | None = None
    adult: AdultActivity = AdultActivity()
    source: Line | None = None


class PeriodText(Frozen):
    name: Short
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
    short: Annotated[str, Field(max_length=200), NotBlank]
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
    statuses: dict[str, Line]
    tiers: dict[str, TierText]
    facts: dict[str, FactText]
    notice: NoticeText


class Figures(Frozen):
    """All figures of one version of the instrument, without a word of text."""

    id: Line
    version: Line
    #: Earlier versions that answers may have been taken with, each with the functions whose question, anchors, weights or
    #: expectation have changed since: what is not comparable. A version that does not stand here is compared in nothing.
    earlier_versions: dict[Line, Ids]
    languages: Annotated[tuple[Language, ...], Field(strict=False)]
    age_bands_from_months: Ints
    domains: Ids
    regions: Ids
    rating: RatingScale
    adversity_scale: Ids
    relational_scale: Ids
    carer_scale: Ids
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
