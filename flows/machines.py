"""The two machines, from one table each: an interview's and the home's. One shared object a kind; nothing is registered.

`Machine(model=None)` serves plain objects through `machine.events[name].trigger(actor, turn=turn)`. Callbacks are functions of a
`Turn`; guards are pure and are the ones that screens use to decide which buttons stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from transitions import EventData, Machine, MachineError

from flows import carer_moves as carer
from flows import home_moves as home
from flows import informant_moves as informant
from flows import interview_moves as moves
from flows import inviting_moves as inviting
from flows import notes
from flows import plan_moves as plan
from flows.conversation import OF_INFORMANTS, Turn
from flows.itinerary import STAGES

Guard = Callable[[Turn], bool]
Effect = Callable[[Turn], None]

ASKING = STAGES[1:-1]
#: Stages that are one screen, so that none of theirs follows another.
OF_ONE_SCREEN = ("relationships",)
INTERVIEW_STATES = (*STAGES, "finished", "paused", "withdrawn")


@dataclass(frozen=True, slots=True)
class Move:
    """One transition: `dest` is `None` where the state stays."""

    trigger: str
    source: str
    dest: str | None
    guards: tuple[Guard, ...] = ()
    effect: Effect | None = None


def _named(name: str, guard: Guard) -> Guard:
    guard.__name__ = guard.__qualname__ = name
    return guard


def leads_to(stage: str) -> Guard:
    return _named(f"next_is_{stage}", lambda turn: turn.interview.step_after(turn.instrument).stage == stage)


def leads_back_to(stage: str) -> Guard:
    def is_before(turn: Turn) -> bool:
        step = turn.interview.step_before(turn.instrument)
        return step is not None and step.stage == stage

    return _named(f"before_is_{stage}", is_before)


def edits(stage: str) -> Guard:
    def is_edited(turn: Turn) -> bool:
        step = moves.edit_target(turn)
        return step is not None and step.stage == stage

    return _named(f"edits_{stage}", is_edited)


def was(state: str) -> Guard:
    return _named(f"was_{state}", lambda turn: turn.interview.resume_state == state)


#: Stages in which an answer of a kind can be given; those that are not named here, in all of them.
STAGES_OF: dict[str, tuple[str, ...]] = {
    "set": ("history", "relationships", "safety"),
    "fill": ("history", "relationships", "safety"),
    "rate": ("functioning",),
    "expected": ("functioning",),
    "aside": ("functioning",),
    "compare": ("functioning",),
    "confirm_all": ("functioning",),
    "one_by_one": ("functioning",),
    "not_known": ("history",),
    "say": ("history", "safety"),
    "write": ("history",),
    "weeks": ("history",),
    "word": ("history",),
    "choose": ("history", "safety"),
    "confirm": ("safety",),
    "slip": ("safety",),
    "as_said": ("history", "relationships"),
}


def _interview_moves() -> Iterator[Move]:
    answering: tuple[tuple[str, Guard, Effect], ...] = (
        ("set", moves.fits_list, moves.set_item),
        ("rate", moves.fits_rating, moves.rate),
        ("expected", moves.fits_expected, moves.rate_as_expected),
        ("fill", moves.fits_bulk, moves.fill),
        ("not_known", moves.fits_period, moves.period_not_known),
        ("say", moves.fits_yes_no, moves.say_yes_no),
        ("not_sure", moves.may_leave_open, moves.leave_not_sure),
        ("skip", moves.may_leave_open, moves.skip),
        ("next", moves.may_go_on, moves.go_on),
        ("write", moves.fits_writing, moves.write_languages),
        ("weeks", moves.fits_weeks, moves.write_weeks),
        ("why", lambda turn: bool(turn.step.items), moves.show_why),
        ("aside", moves.fits_set_aside, moves.set_aside),
        ("note", moves.has_note, moves.note),
        ("choose", carer.is_choice, carer.choose),
        ("word", carer.is_word, carer.write_word),
        ("compare", carer.is_comparison, carer.compare),
        ("confirm", carer.has_pending, carer.confirm_danger),
        ("slip", carer.has_pending, carer.take_back),
        ("confirm_all", moves.confirms, moves.confirm_region),
        ("one_by_one", moves.confirms, moves.go_on),
        ("as_said", moves.has_been_said, moves.take_as_said),
    )
    yield Move("agree", "consent", None, (carer.is_consenting,), carer.agree)
    yield Move("decline", "consent", "withdrawn", (), carer.decline)
    # whoever is asked for agreement is asked about the past, or about themself, first
    yield Move("forward", "consent", "history", (leads_to("history"),), moves.arrive_after)
    yield Move("back", "history", "consent", (leads_back_to("consent"),), moves.arrive_before)
    for state in ("consent", "paused"):  # it is asked for outside, where a questionnaire is left first
        yield Move("withdraw", state, "withdrawn", (carer.informs,), carer.withdraw)
    for stage in ASKING:
        for trigger, guard, effect in answering:
            if stage in STAGES_OF.get(trigger, ASKING):
                yield Move(trigger, stage, None, (guard,), effect)
        yield Move("pause", stage, "paused", (), moves.pause)
        if stage not in OF_ONE_SCREEN:
            yield Move("forward", stage, None, (leads_to(stage),), moves.arrive_after)
            yield Move("back", stage, None, (leads_back_to(stage),), moves.arrive_before)
        # a harm that came up while an answer was changed is asked before anything else goes on
        unasked = () if stage == "history" else ("history",)
        for later in (*STAGES[STAGES.index(stage) + 1 :], *unasked):
            yield Move("forward", stage, later, (leads_to(later),), moves.arrive_after)
        for earlier in (*ASKING[: ASKING.index(stage)], "review"):
            yield Move("back", stage, earlier, (leads_back_to(earlier),), moves.arrive_before)
        yield Move("edit", "review", stage, (edits(stage),), moves.arrive_at_edit)
    yield Move(
        "back",
        "review",
        "safety",  # which is always asked, last
        (lambda turn: not turn.interview.section, leads_back_to("safety")),
        moves.arrive_before,
    )
    yield Move("note", "review", None, (moves.has_note,), moves.note)
    yield Move("contact", "review", None, (moves.may_set_contact,), moves.set_contact)
    yield Move("notes", "review", None, (notes.has_notes,), notes.read_notes)
    yield Move("send", "review", "safety", (carer.asks_alone_again,), carer.offer_danger_again)
    yield Move("send", "review", "finished", (carer.may_send,), carer.send)
    yield Move("section", "review", None, (moves.fits_section,), moves.show_section)
    yield Move("page", "review", None, (moves.fits_page,), moves.show_page)
    yield Move("finish", "review", "history", (moves.has_unasked_harm,), moves.ask_harm)
    yield Move("finish", "review", None, (moves.asks_once_more,), moves.ask_once_more)
    yield Move("finish", "review", None, (moves.must_read,), moves.wait_for_reading)
    yield Move("finish", "review", "finished", (moves.may_finish,), moves.finish)
    yield Move("pause", "review", "paused", (), moves.pause)
    yield Move("change", "finished", "review", (moves.is_clinicians,), moves.reopen)
    for stage in STAGES[1:]:  # agreeing is not paused: it is left, and stands there still
        yield Move("resume", "paused", stage, (was(stage),), moves.resume)


CLINICIANS = tuple(s for s in home.STATES if s not in ("stranger", "mine", "choose", "erase_mine"))


def _home_moves() -> Iterator[Move]:
    for state in (*CLINICIANS, "choose", "mine"):
        for trigger, dest in (("home", "home"), ("new", "label"), ("cases", "cases"), ("flags", "flags")):
            yield Move(trigger, state, dest, (informant.is_clinician,), home.ENTER[trigger])
        yield Move("open", state, "case", (home.may_open,), home.open_case)
    for state in home.STATES[1:]:  # all but a stranger's
        for trigger in ("help", "privacy", "language"):
            guards = () if state in OF_INFORMANTS else (informant.is_clinician,)
            yield Move(trigger, state, trigger, guards, home.enter)
        # who was asked where to, and whose questionnaire was erased meanwhile, is told that there is nothing to answer
        yield Move("mine", state, "mine", () if state == "choose" else (informant.is_informant,), home.enter)
        # a reminder's Go on works wherever its reader stands
        yield Move("go_on_with", state, "mine", (informant.is_mine,), informant.open_mine)
        yield Move("choose_place", state, "choose", (informant.is_both,), home.enter)
    for state in home.STATES:
        yield Move("invited", state, "mine", (informant.has_invitation,), informant.accept_invitation)
    for state, parent in home.INFORMANTS_PARENTS.items():
        # only an informant erases, so that Back leads there for a clinician too
        guards = () if state == "erase_mine" else (informant.is_only_informant,)
        yield Move("back", state, parent, guards, home.enter)
    yield Move("erase_one", "privacy", "erase_mine", (informant.is_mine,), informant.choose_mine_to_erase)
    yield Move("yes_erase_mine", "erase_mine", "mine", (informant.knows_mine,), informant.erase_mine)
    yield Move(
        "set_language", "language", "mine", (informant.is_only_informant, informant.is_language), informant.set_language
    )
    yield Move(
        "set_language", "language", "home", (informant.is_clinician, informant.is_language), informant.set_language
    )
    yield Move("invite", "ready", "invite", (home.knows_case,), inviting.begin_invitation)
    yield Move("invite", "case", "invite", (home.knows_case,), inviting.begin_invitation)
    yield Move("role", "invite", "invite_relation", (inviting.may_invite,), inviting.choose_role)
    yield Move("typed", "invite_relation", None, (inviting.is_long_relation,), inviting.refuse_relation)
    yield Move("typed", "invite_relation", "invite_responsible", (inviting.has_words,), inviting.keep_relation)
    yield Move("skip", "invite_relation", "invite_responsible", (), inviting.skip_relation)
    yield Move(
        "responsible", "invite_responsible", "invite_hidden_from", (inviting.says_yes_or_no,), inviting.keep_responsible
    )
    yield Move("typed", "invite_hidden_from", None, (inviting.is_long_list,), inviting.refuse_list)
    yield Move("typed", "invite_hidden_from", "invited", (inviting.has_words,), inviting.make_invitation)
    yield Move("nobody", "invite_hidden_from", "invited", (), inviting.make_invitation)
    yield Move("withdraw_invitation", "invite", None, (inviting.may_withdraw,), inviting.withdraw_invitation)
    yield Move("invite", "invited", "invite", (home.knows_case,), inviting.begin_invitation)
    yield Move("start", "invited", "case", (home.knows_case,), home.start_interview)
    yield Move("enrol", "stranger", "home", (home.has_valid_code,), home.enrol)
    yield Move("typed", "label", None, (home.is_bad_label,), home.refuse_label)
    yield Move("typed", "label", "born", (), home.keep_label)
    yield Move("typed", "born", None, (home.is_bad_birth,), home.refuse_birth)
    yield Move("typed", "born", "ready", (), home.make_case)
    yield Move("start", "ready", "case", (home.knows_case,), home.start_interview)
    for state in ("flags", "cases"):
        yield Move("page", state, None, (home.fits_page,), home.show_page)
    yield Move("start", "case", None, (home.knows_case,), home.start_interview)
    yield Move("go_on", "case", None, (home.knows_case,), home.go_on)
    yield Move("reassess", "case", None, (home.may_reassess,), home.reassess)
    yield Move("results", "case", "results", (home.has_result,), home.show_results)
    yield Move("finished", "case", "results", (home.has_result,), home.stand_at_results)
    yield Move("again", "results", None, (home.has_result,), home.send_results)
    yield Move("report", "results", None, (home.has_result,), home.send_report)
    yield Move("hand", "results", "handing", (home.is_handed,), home.ask_before_handing)
    yield Move("hand_over", "handing", "results", (home.has_result,), home.hand_over)
    yield Move("back", "handing", "results", (home.knows_case,), home.keep_here)
    yield Move("plan", "results", "plan", (home.has_result,), plan.enter)
    yield from _plan_moves()
    yield Move("compare_results", "results", None, (home.may_compare,), home.send_comparison)
    yield Move("history_picture", "results", None, (home.has_result,), home.send_history)
    yield Move("change", "results", "case", (home.has_result,), home.change_answer)
    yield Move("back", "results", "case", (home.knows_case,), home.back_to_case)
    yield Move("hold", "case", None, (home.knows_case,), home.toggle_hold)
    yield Move("erase", "case", "erase", (home.knows_case,), None)
    yield Move("yes_erase", "erase", "cases", (home.may_erase,), home.erase_case)
    yield Move("back", "erase", "case", (home.knows_case,), home.back_to_case)
    yield Move("in_error", "case", "in_error", (home.has_encounter,), None)
    yield Move("yes_in_error", "in_error", "case", (home.has_encounter,), home.mark_in_error)
    yield Move("back", "in_error", "case", (home.knows_case,), home.back_to_case)
    yield Move("case_flags", "case", "flags", (home.knows_case,), home.enter_case_flags)
    yield Move("clear", "flags", "clearing", (home.may_clear,), home.choose_flag)
    yield Move("typed", "clearing", None, (home.is_bad_reason,), home.refuse_reason)
    yield Move("typed", "clearing", "flags", (home.may_clear,), home.clear_flag)
    yield Move("back", "clearing", "flags", (), home.forget_flag)
    for state, parent in home.PARENTS.items():
        yield Move("back", state, parent, (informant.is_clinician,), home.leave_to_parent)


def _plan_moves() -> Iterator[Move]:
    """What is changed of a plan, and the ways back to the results."""
    yield Move("plan_activity", "plan", "plan_activity", (plan.is_in_plan,), plan.choose)
    yield Move("plan_swap", "plan_activity", "plan_swap", (plan.has_chosen,), None)
    yield Move("plan_swap_for", "plan_swap", "plan", (plan.fits_instead,), plan.swap)
    yield Move("plan_drop", "plan_activity", "plan_drop", (plan.has_chosen,), None)
    yield Move("plan_drop_for", "plan_drop", "plan", (plan.is_quick_reason,), plan.drop_quickly)
    yield Move("typed", "plan_drop", None, (plan.is_bad_reason,), plan.refuse_reason)
    yield Move("typed", "plan_drop", "plan", (plan.has_chosen,), plan.drop)
    yield Move("plan_limits", "plan", "plan_limits", (home.has_result,), None)
    yield Move("plan_limit", "plan_limits", None, (plan.is_limit,), plan.toggle_limit)
    yield Move("plan_as_computed", "plan", None, (plan.is_edited,), plan.as_computed)
    yield Move("plan_send", "plan", "results", (home.has_result,), plan.send)
    yield Move("change", "plan", "case", (home.has_result,), home.change_answer)
    yield Move("back", "plan", "results", (home.knows_case,), plan.leave)
    for state in ("plan_activity", "plan_limits"):
        yield Move("back", state, "plan", (home.knows_case,), plan.leave)
    for state in ("plan_swap", "plan_drop"):
        yield Move("back", state, "plan_activity", (home.knows_case,), None)


class Conversations:
    """A machine for one kind of conversation, and the moves it was made from."""

    def __init__(self, states: tuple[str, ...], moves_table: tuple[Move, ...], initial: str) -> None:
        self.moves = moves_table
        self.machine = Machine(
            model=None, states=list(states), initial=initial, auto_transitions=False, send_event=True
        )
        for move in moves_table:
            self.machine.add_transition(
                move.trigger,
                move.source,
                move.dest,
                conditions=[_as_callback(g) for g in move.guards],
                before=_as_callback(move.effect) if move.effect else None,
            )

    def fire(self, actor: Any, trigger: str, turn: Turn) -> bool:
        """One transition of `actor`; false where no transition fits. Every other error passes through."""
        if trigger not in self.machine.get_triggers(actor.state):
            return False
        try:
            return bool(self.machine.events[trigger].trigger(actor, turn=turn))
        except MachineError:
            return False

    def offers(self, trigger: str, state: str) -> bool:
        return trigger in self.machine.get_triggers(state)


def _as_callback(function: Callable[[Turn], Any]) -> Callable[[EventData], Any]:
    def callback(event: EventData) -> Any:
        return function(event.kwargs["turn"])

    callback.__name__ = getattr(function, "__name__", "guard")
    return callback


INTERVIEW = Conversations(INTERVIEW_STATES, tuple(_interview_moves()), "history")
HOME = Conversations(home.STATES, tuple(_home_moves()), "home")
