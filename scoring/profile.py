"""What scoring finds out about a case: exact values, and the JSON that is printed from them.

Exact values are `fractions.Fraction`; they are rounded only in `profile_json` (percents, loads and bounds to 1 decimal,
shares and mean gaps to 2, half to even on the exact value).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

Status = Literal["ahead", "as_expected", "behind", "far_behind", "set_aside"]
StepKind = Literal["safety", "look_closer", "relationship", "now", "later", "find_out"]


@dataclass(frozen=True, slots=True)
class FunctionResult:
    """One function: rating 1–12 or `None` (unknown), what is expected (`None`: not asked at this age), and the gap."""

    id: str
    region: str
    rating: int | None
    expected: int | None
    gap: int | None
    band: str | None
    status: Status | None


@dataclass(frozen=True, slots=True)
class AreaResult:
    """A domain or a region. Percents are 0–100; all of them `None` where `shown` is false or under 13 months."""

    percent: Fraction | None
    low: Fraction | None
    high: Fraction | None
    step_low: Fraction | None
    step_high: Fraction | None
    near_edge: bool | None
    known_share: Fraction | None
    mean_gap: Fraction | None
    tier: str | None
    shown: bool


@dataclass(frozen=True, slots=True)
class PeriodResult:
    """Developmental load of one period, 0–100, with what is not known as bounds."""

    adversity: Fraction | None
    relational: Fraction | None
    load: Fraction | None
    low: Fraction | None
    high: Fraction | None
    unknown_share: Fraction
    shown: bool


@dataclass(frozen=True, slots=True)
class RelationalNowResult:
    percent: Fraction | None
    low: Fraction
    high: Fraction
    known_share: Fraction
    shown: bool


@dataclass(frozen=True, slots=True)
class RaisedFlag:
    id: str
    urgency: Literal["now", "this_week"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the plan; `target` is a list of ids for safety, look_closer and find_out, one id otherwise."""

    step: int
    kind: StepKind
    target: str | tuple[str, ...]
    tier: str | None
    waits: bool
    activities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in order; `family_minutes` is what the activities ask of the family, minutes a week, exact."""

    steps: tuple[Step, ...]
    waits: bool
    family_minutes: Fraction


@dataclass(frozen=True, slots=True)
class Profile:
    """A scored case, without the plan."""

    instrument_id: str
    instrument_version: str
    instrument_sha256: str
    label: str | None
    assessed: date
    age_months: int
    counted_months: int
    age_band: str
    age_unsure: bool
    new_band: bool
    functions: tuple[FunctionResult, ...]
    domains: Mapping[str, AreaResult]
    regions: Mapping[str, AreaResult]
    history: Mapping[str, PeriodResult]
    relational_now: RelationalNowResult
    safety: tuple[RaisedFlag, ...]
    safety_unknown: tuple[str, ...]
    still_happening: tuple[str, ...]
    strengths: tuple[str, ...]
    ask_next: tuple[str, ...]
    order: tuple[str, ...]
