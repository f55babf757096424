"""What a clinician changes of a plan: limits on where it can be done, swaps, and what is left out with a reason.

The edits of a result are a log. It is only ever added to, and a plan is always made anew from the case and the whole log, so
the plan as computed is never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from scoring.instrument.model import Activity
from scoring.problems import ContentError, Problem

Limit = Literal["home_only", "school_only", "not_at_school", "no_equipment"]
LIMITS: tuple[Limit, ...] = get_args(Limit)
#: Limits that leave nothing over when they are set together.
EXCLUDES: Mapping[Limit, frozenset[Limit]] = {
    "home_only": frozenset({"school_only"}),
    "school_only": frozenset({"home_only", "not_at_school"}),
    "not_at_school": frozenset({"school_only"}),
    "no_equipment": frozenset(),
}
REASON_MAX = 300


def allows(limit: Limit, activity: Activity) -> bool:
    """Whether an activity can be done under a limit."""
    if limit == "no_equipment":
        return not activity.equipment
    place = {"home_only": "home", "school_only": "school"}.get(limit)
    return activity.setting != "school" if place is None else activity.setting == place


@dataclass(frozen=True, slots=True)
class Swap:
    """One activity for another that fits the same target."""

    activity: str
    to: str


@dataclass(frozen=True, slots=True)
class Drop:
    """An activity left out; nothing takes its place."""

    activity: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlanEdits:
    """All that was changed, in the order in which it was done; empty is the plan as computed."""

    limits: tuple[Limit, ...] = ()
    changes: tuple[Swap | Drop, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.limits or self.changes)

    def toggled(self, limit: Limit) -> tuple[Limit, ...]:
        """The limits after one is tapped: it is set or taken back, and what it excludes goes."""
        if limit in self.limits:
            return tuple(each for each in self.limits if each != limit)
        kept = {each for each in self.limits if each not in EXCLUDES[limit]} | {limit}
        return tuple(each for each in LIMITS if each in kept)


NO_EDITS = PlanEdits()


def limits_edit(limits: Sequence[Limit]) -> dict[str, Any]:
    return {"kind": "limits", "limits": list(limits)}


def swap_edit(activity: str, to: str) -> dict[str, Any]:
    return {"kind": "swap", "activity": activity, "to": to}


def drop_edit(activity: str, reason: str) -> dict[str, Any]:
    return {"kind": "drop", "activity": activity, "reason": reason}


#: Back to the plan as it was computed.
AS_COMPUTED: Mapping[str, Any] = {"kind": "as_computed"}
_FIELDS = {
    "limits": {"kind", "limits"},
    "swap": {"kind", "activity", "to"},
    "drop": {"kind", "activity", "reason"},
    "as_computed": {"kind"},
}


def edits_from(log: Iterable[Any], activities: Mapping[str, Activity], file: str = "plan_edits") -> PlanEdits:
    """Read a log of edits.

    Parameters
    ----------
    log : objects as `limits_edit`, `swap_edit`, `drop_edit` and `AS_COMPUTED` make them
    activities : the library by id

    Raises
    ------
    ContentError
        When an edit is not one, or names an activity or a limit that does not exist.
    """
    edits = NO_EDITS
    for place, edit in enumerate(log):
        problem = _fault(edit, activities)
        if problem:
            raise ContentError([Problem(file, f"[{place}]", problem, "leave the edits as an export wrote them")])
        match edit["kind"]:
            case "limits":
                edits = replace(edits, limits=tuple(edit["limits"]))
            case "swap":
                edits = replace(edits, changes=_swapped(edits.changes, Swap(edit["activity"], edit["to"])))
            case "drop":
                edits = replace(edits, changes=(*edits.changes, Drop(edit["activity"], edit["reason"])))
            case _:
                edits = NO_EDITS
    return edits


def _swapped(changes: tuple[Swap | Drop, ...], swap: Swap) -> tuple[Swap | Drop, ...]:
    """The changes with one more swap; one that takes back the last swap of the same two leaves neither behind.

    Kept, the two would still be made wherever a limit chooses the second activity by itself, and would lose it.
    """
    pair = {swap.activity, swap.to}
    last = next((c for c in reversed(changes) if pair & _named(c)), None)
    if last == Swap(swap.to, swap.activity):
        return tuple(change for change in changes if change is not last)
    return (*changes, swap)


def _named(change: Swap | Drop) -> set[str]:
    return {change.activity, change.to} if isinstance(change, Swap) else {change.activity}


def _fault(edit: Any, activities: Mapping[str, Activity]) -> str | None:
    if not isinstance(edit, dict) or not isinstance(edit.get("kind"), str) or edit["kind"] not in _FIELDS:
        return "is no edit of a plan"
    if set(edit) != _FIELDS[edit["kind"]]:
        return f"has other fields than {', '.join(sorted(_FIELDS[edit['kind']]))}"
    if edit["kind"] == "limits":
        given = edit["limits"]
        known = isinstance(given, list) and all(isinstance(each, str) and each in LIMITS for each in given)
        return None if known and len(set(given)) == len(given) else "has a limit that does not exist, or one twice"
    for name in ("activity", "to"):
        if name in edit and not (isinstance(edit[name], str) and edit[name] in activities):
            return f"names an activity in {name} that does not exist"
    if edit["kind"] == "drop" and not (isinstance(edit["reason"], str) and 0 < len(edit["reason"]) <= REASON_MAX):
        return f"has no reason of at most {REASON_MAX} characters"
    return None
