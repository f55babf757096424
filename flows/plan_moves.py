"""The plan as a tool: limits, swaps, and what is left out with a reason. Each edit is kept beside the result it was made at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows import home_moves as home
from flows.conversation import Turn
from flows.home_moves import has_result
from flows.interview_moves import clean
from scoring.edits import AS_COMPUTED, LIMITS, REASON_MAX, drop_edit, limits_edit, swap_edit
from scoring.plan import what_else_fits
from scoring.result import Result, assess_kept

#: Reasons of one tap; any other is typed.
REASONS = {
    "already": "It is being done already.",
    "not_now": "It cannot be done now.",
    "not_wanted": "They do not want it.",
}
#: What the screens of the plan keep of the draft.
KEPT = ("case", "encounter", "number")


def result_of(turn: Turn) -> Result:
    """The result the conversation stands at, with its plan as it is by now."""
    draft = turn.talk.home.draft
    return assess_kept(turn.desk.kept(draft["encounter"], draft["number"]), turn.instrument)


def _stands(turn: Turn, activity: str | None) -> bool:
    return has_result(turn) and _is_in(result_of(turn), activity)


def _is_in(result: Result, activity: str | None) -> bool:
    return any(activity in step.activities for step in result.plan.steps)


def is_in_plan(turn: Turn) -> bool:
    return _stands(turn, turn.arg)


def has_chosen(turn: Turn) -> bool:
    """The activity that the conversation stands at is in the plan still: another phone may have taken it out."""
    return _stands(turn, turn.talk.home.draft.get("activity"))


def alternatives(result: Result, activity: str) -> tuple[str, ...]:
    """What else fits in the place of an activity; nothing where another phone has taken it out."""
    if not _is_in(result, activity):
        return ()
    return what_else_fits(result.case, result.profile, result.instrument, result.edits, activity)


def choose(turn: Turn) -> None:
    turn.talk.home.draft["activity"] = turn.arg


def enter(turn: Turn) -> None:
    leave(turn)
    turn.desk.tx.audit(turn.talk.account.id, "plan.opened", turn.talk.home.draft["case"])


def leave(turn: Turn) -> None:
    """Back to the plan; nothing is chosen any more."""
    turn.talk.home.draft = {key: value for key, value in turn.talk.home.draft.items() if key in KEPT}


def _edit(turn: Turn, edit: Mapping[str, Any], action: str) -> None:
    draft = turn.talk.home.draft
    turn.desk.plans.add(draft["case"], draft["encounter"], draft["number"], edit, turn.talk.account.id)
    turn.desk.tx.audit(turn.talk.account.id, action, draft["case"])


def is_limit(turn: Turn) -> bool:
    return has_result(turn) and turn.arg in LIMITS


def toggle_limit(turn: Turn) -> None:
    limits = result_of(turn).edits.toggled(next(limit for limit in LIMITS if limit == turn.arg))
    _edit(turn, limits_edit(limits), "plan.limited")


def is_edited(turn: Turn) -> bool:
    return has_result(turn) and bool(result_of(turn).edits)


def as_computed(turn: Turn) -> None:
    _edit(turn, AS_COMPUTED, "plan.as_computed")
    turn.say("The plan is as it was computed. What was changed stays in the record.")


def fits_instead(turn: Turn) -> bool:
    return has_result(turn) and turn.arg in alternatives(result_of(turn), turn.talk.home.draft["activity"])


def swap(turn: Turn) -> None:
    _edit(turn, swap_edit(turn.talk.home.draft["activity"], turn.arg), "plan.swapped")
    leave(turn)
    turn.say("Swapped.")


def is_quick_reason(turn: Turn) -> bool:
    return has_chosen(turn) and turn.arg in REASONS


def drop_quickly(turn: Turn) -> None:
    _drop(turn, REASONS[turn.arg])


def is_bad_reason(turn: Turn) -> bool:
    return home.is_bad_reason(turn, REASON_MAX)


def refuse_reason(turn: Turn) -> None:
    home.refuse_reason(turn, REASON_MAX)


def drop(turn: Turn) -> None:
    _drop(turn, clean(turn.text, REASON_MAX))


def _drop(turn: Turn, reason: str) -> None:
    _edit(turn, drop_edit(turn.talk.home.draft["activity"], reason), "plan.left_out")
    leave(turn)
    turn.say("Left out, with the reason.")


def send(turn: Turn) -> None:
    """The summary and the report again, with the plan as it is now."""
    home.send_results(turn, ("summary",))
    home.send_report(turn)
