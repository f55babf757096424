"""A case with its profile and plan, and the files they are printed to (`stemwise-profile/1`)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scoring.case import Case, case_from
from scoring.edits import NO_EDITS, PlanEdits, edits_from
from scoring.instrument import Instrument
from scoring.plan import make_plan
from scoring.profile import AreaResult, FunctionResult, PeriodResult, Plan, Profile, RelationalNowResult, Step
from scoring.score import score

SCHEMA = "stemwise-profile/1"


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that pictures, summary, report and export are made from."""

    case: Case
    profile: Profile
    plan: Plan
    instrument: Instrument
    edits: PlanEdits = NO_EDITS
    changed: Changed | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a kept result is made from again: the case file's content, the log of the plan's edits, and what came before.

    `before` is the content of the result whose place it took, `why` the reason that was given.
    """

    case: dict[str, Any]
    edits: tuple[dict[str, Any], ...] = ()
    before: dict[str, Any] | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A result that took the place of an earlier one after an answer was changed: the case it was, and why."""

    before: Case
    why: str | None = None


def assess(case: Case, instrument: Instrument, edits: PlanEdits = NO_EDITS, changed: Changed | None = None) -> Result:
    """Score a case and plan for it.

    Parameters
    ----------
    edits : what the clinician changed of the plan
    changed : the case of the result before, where an answer was changed after finishing

    Examples
    --------
    >>> from datetime import date
    >>> from scoring.instrument import load
    >>> result = assess(Case(label=None, born=date(2018, 3, 14), assessed=date(2026, 4, 1)), load())
    >>> profile_json(result)["schema"]
    'stemwise-profile/1'
    """
    profile = score(case, instrument)
    return Result(case, profile, make_plan(case, profile, instrument, edits), instrument, edits, changed)


def assess_kept(kept: Kept, instrument: Instrument) -> Result:
    """The result that was kept, with the plan as it was changed by then."""
    changed = Changed(case_from(kept.before, instrument), kept.why) if kept.before is not None else None
    edits = edits_from(kept.edits, instrument.activity)
    return assess(case_from(kept.case, instrument), instrument, edits, changed)


def rounded(value: Fraction | None, places: int) -> float | None:
    """The printed value: half to even, on the exact value."""
    return None if value is None else float(round(value, places))


def profile_json(result: Result) -> dict[str, Any]:
    """The profile as it is printed: percents, loads and bounds to 1 decimal, shares and mean gaps to 2."""
    profile = result.profile
    minutes = result.plan.family_minutes
    return {
        "schema": SCHEMA,
        "instrument": {
            "id": profile.instrument_id,
            "version": profile.instrument_version,
            "sha256": profile.instrument_sha256,
        },
        "label": profile.label,
        "assessed": profile.assessed.isoformat(),
        "age_months": profile.age_months,
        "counted_months": profile.counted_months,
        "age_band": profile.age_band,
        "age_unsure": profile.age_unsure,
        "new_band": profile.new_band,
        "functions": [_function(f) for f in profile.functions],
        "domains": {name: _area(area) for name, area in profile.domains.items()},
        "regions": {name: _area(area) for name, area in profile.regions.items()},
        "history": {name: _period(period) for name, period in profile.history.items()},
        "relational_now": _relational_now(profile.relational_now),
        "safety": [{"id": flag.id, "urgency": flag.urgency} for flag in profile.safety],
        "safety_unknown": list(profile.safety_unknown),
        "still_happening": list(profile.still_happening),
        "strengths": list(profile.strengths),
        "ask_next": list(profile.ask_next),
        "order": list(profile.order),
        "plan": [_step(step) for step in result.plan.steps],
        "family_minutes": int(minutes) if minutes.denominator == 1 else float(minutes),
    }


def _function(function: FunctionResult) -> dict[str, Any]:
    return {
        "id": function.id,
        "region": function.region,
        "rating": function.rating,
        "expected": function.expected,
        "gap": function.gap,
        "band": function.band,
        "status": function.status,
    }


def _area(area: AreaResult) -> dict[str, Any]:
    return {
        "percent": rounded(area.percent, 1),
        "low": rounded(area.low, 1),
        "high": rounded(area.high, 1),
        "step_low": rounded(area.step_low, 1),
        "step_high": rounded(area.step_high, 1),
        "near_edge": area.near_edge,
        "known_share": rounded(area.known_share, 2),
        "mean_gap": rounded(area.mean_gap, 2),
        "tier": area.tier,
        "shown": area.shown,
    }


def _period(period: PeriodResult) -> dict[str, Any]:
    return {
        "adversity": rounded(period.adversity, 1),
        "relational": rounded(period.relational, 1),
        "load": rounded(period.load, 1),
        "low": rounded(period.low, 1),
        "high": rounded(period.high, 1),
        "unknown_share": rounded(period.unknown_share, 2),
        "shown": period.shown,
    }


def _relational_now(now: RelationalNowResult) -> dict[str, Any]:
    return {
        "percent": rounded(now.percent, 1),
        "low": rounded(now.low, 1),
        "high": rounded(now.high, 1),
        "known_share": rounded(now.known_share, 2),
        "shown": now.shown,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.step,
        "kind": step.kind,
        "target": list(step.target) if isinstance(step.target, tuple) else step.target,
        "tier": step.tier,
        "waits": step.waits,
        "activities": list(step.activities),
    }
