"""What a clinician does outside an interview: cases, flags, results; and the one thing a stranger can do, enrol."""

from __future__ import annotations

from typing import Any

from flows.conversation import Turn
from flows.dates import BirthRefused, read_birth
from flows.interview_moves import clean
from flows.storage.casebook import EncounterInfo
from flows.views import News, NewsKind
from scoring.trend import TREND_FROM

STATES = (
    "stranger",
    "home",
    "label",
    "born",
    "ready",
    "cases",
    "case",
    "results",
    "handing",
    "plan",
    "plan_activity",
    "plan_swap",
    "plan_drop",
    "plan_limits",
    "erase",
    "in_error",
    "flags",
    "clearing",
    "help",
    "privacy",
    "language",
    "mine",
    "choose",
    "erase_mine",
    "invite",
    "invite_relation",
    "invite_responsible",
    "invite_hidden_from",
    "invited",
)
#: Where an informant's Back leads.
INFORMANTS_PARENTS = {"help": "mine", "privacy": "mine", "language": "mine", "erase_mine": "privacy"}
#: Where Back leads, for the states from which it always leads to the same place.
PARENTS = {
    "home": "home",
    "label": "home",
    "born": "label",
    "ready": "home",
    "cases": "home",
    "case": "cases",
    "flags": "home",
    "help": "home",
    "privacy": "home",
    "language": "home",
    "invite": "case",
    "invite_relation": "invite",
    "invite_responsible": "invite_relation",
    "invite_hidden_from": "invite_responsible",
    "invited": "case",
}
PAGE_SIZE = 8
LABEL_MIN, LABEL_MAX = 2, 24
REASON_MIN, REASON_MAX = 3, 500


def case_id(turn: Turn) -> str:
    found: str = turn.talk.home.draft["case"]
    return found


def knows_case(turn: Turn) -> bool:
    """The conversation stands at a case that is this clinician's own."""
    chosen = turn.talk.home.draft.get("case")
    return chosen is not None and turn.desk.owns(turn.talk, chosen)


def _clinician(turn: Turn) -> str:
    assert turn.talk.account.clinician_id is not None
    return turn.talk.account.clinician_id


# --- enrolment -------------------------------------------------------------------------------------------------------


def has_valid_code(turn: Turn) -> bool:
    account = turn.talk.account.id
    return not turn.desk.people.is_slowed(account) and turn.desk.people.clinician_of_code(turn.arg) is not None


def enrol(turn: Turn) -> None:
    turn.desk.people.use_code(turn.arg, turn.talk.account.id)
    turn.talk.account = turn.desk.people.account_by_id(turn.talk.account.id)
    turn.say("Welcome. This phone is now yours to work with.")


# --- moving about ----------------------------------------------------------------------------------------------------


def _clear(turn: Turn) -> None:
    turn.talk.home.draft = {}


def enter_cases(turn: Turn) -> None:
    turn.talk.home.draft = {"page": 0}
    turn.desk.tx.audit(turn.talk.account.id, "cases.listed")


enter = _clear


def enter_case_flags(turn: Turn) -> None:
    _see_flags(turn, case_id(turn))
    turn.talk.home.draft = {"case": case_id(turn)}


def enter_flags(turn: Turn) -> None:
    """All open flags of the clinician's cases; what has been on the screen counts as opened."""
    for case in sorted({flag.case_id for flag in turn.desk.flags.open_of_clinician(_clinician(turn))}):
        _see_flags(turn, case)
    turn.talk.home.draft = {}


def _see_flags(turn: Turn, case: str) -> None:
    turn.desk.flags.mark_seen(case)
    turn.desk.tx.audit(turn.talk.account.id, "flags.opened", case)


#: What a screen keeps of the draft when one goes back from it.
KEPT = ("page", "label", "invite")


def leave_to_parent(turn: Turn) -> None:
    draft = turn.talk.home.draft
    kept = {key: draft[key] for key in KEPT if key in draft}
    if turn.talk.home.state in ("invite", "invite_relation", "invite_responsible", "invite_hidden_from", "invited"):
        kept["case"] = draft["case"]
    turn.talk.home.draft = kept


def back_to_case(turn: Turn) -> None:
    turn.talk.home.draft = {"case": case_id(turn)}


def fits_page(turn: Turn) -> bool:
    return turn.arg.isdecimal() and len(turn.arg) <= 4


def show_page(turn: Turn) -> None:
    turn.talk.home.draft["page"] = int(turn.arg)


# --- a new case ------------------------------------------------------------------------------------------------------


def _label(turn: Turn) -> str:
    return " ".join(clean(turn.text, 200).split())


def label_fault(turn: Turn) -> str | None:
    label = _label(turn)
    if not LABEL_MIN <= len(label) <= LABEL_MAX:
        return f"A label has {LABEL_MIN} to {LABEL_MAX} characters; that one has {len(label)}."
    if turn.desk.cases.is_label_taken(_clinician(turn), label):
        return "You already have a case under that label. Choose another."
    return None


def is_bad_label(turn: Turn) -> bool:
    return label_fault(turn) is not None


def refuse_label(turn: Turn) -> None:
    turn.say(label_fault(turn) or "")


def keep_label(turn: Turn) -> None:
    turn.talk.home.draft = {"label": _label(turn)}


def _birth_fault(turn: Turn) -> str | None:
    try:
        read_birth(turn.text, turn.today)
    except BirthRefused as refused:
        return refused.message
    return None


def is_bad_birth(turn: Turn) -> bool:
    return _birth_fault(turn) is not None


def refuse_birth(turn: Turn) -> None:
    turn.say(_birth_fault(turn) or "")


def make_case(turn: Turn) -> None:
    label = turn.talk.home.draft["label"]
    case = turn.desk.cases.add_case(_clinician(turn), label, read_birth(turn.text, turn.today))
    turn.desk.tx.audit(turn.talk.account.id, "case.made", case.id)
    turn.talk.home.draft = {"case": case.id}


# --- a case ----------------------------------------------------------------------------------------------------------


def may_open(turn: Turn) -> bool:
    return turn.desk.owns(turn.talk, turn.arg)


def open_case(turn: Turn) -> None:
    turn.talk.home.draft = {"case": turn.arg}
    turn.desk.tx.audit(turn.talk.account.id, "case.opened", turn.arg)


def start_interview(turn: Turn) -> None:
    """The interview of the open encounter, or of a first one."""
    chosen = case_id(turn)
    encounter = turn.desk.open_encounter(chosen)
    info = turn.desk.cases.clinician_interview(encounter.id) if encounter else None
    if info:
        turn.desk.open_interview(turn, info.id)
    else:
        turn.desk.begin_encounter(turn, chosen)


go_on = start_interview


def may_reassess(turn: Turn) -> bool:
    return knows_case(turn) and turn.desk.open_encounter(case_id(turn)) is None and has_result(turn)


def reassess(turn: Turn) -> None:
    turn.desk.begin_encounter(turn, case_id(turn))


def has_result(turn: Turn) -> bool:
    """There is a result to go to; one that stands here was not entered in error meanwhile, from another phone perhaps."""
    if not knows_case(turn):
        return False
    if turn.talk.home.state == "case":
        return turn.desk.latest_result(case_id(turn)) is not None
    return counts(turn)


def counts(turn: Turn) -> bool:
    """The encounter whose result stands here is finished, and not entered in error."""
    return _is_finished(turn, turn.talk.home.draft.get("encounter", ""))


def _is_finished(turn: Turn, encounter_id: str) -> bool:
    return turn.desk.cases.has_encounter(encounter_id) and turn.desk.cases.encounter(encounter_id).state == "finished"


def has_encounter(turn: Turn) -> bool:
    """There is an encounter to mark; where one was shown to be marked, it is still that one."""
    found = markable(turn) if knows_case(turn) else None
    return found is not None and turn.arg in ("", found.id)


def markable(turn: Turn) -> EncounterInfo | None:
    """The encounter that would be marked as entered in error: the newest that is not yet."""
    encounters = turn.desk.cases.encounters(case_id(turn))
    return next((e for e in reversed(encounters) if e.state != "entered_in_error"), None)


def mark_in_error(turn: Turn) -> None:
    encounter = markable(turn)
    assert encounter is not None
    turn.desk.cases.set_encounter_state(encounter.id, "entered_in_error")
    turn.desk.tx.audit(turn.talk.account.id, "encounter.entered_in_error", case_id(turn))
    turn.say("Marked as entered in error. It is kept, and counts nowhere.")


def toggle_hold(turn: Turn) -> None:
    case = turn.desk.cases.case(case_id(turn))
    turn.desk.cases.set_hold(case.id, on_hold=not case.on_hold)
    turn.desk.tx.audit(turn.talk.account.id, "case.hold_ended" if case.on_hold else "case.held", case.id)
    turn.say("The hold is ended." if case.on_hold else "On hold: it is kept whatever the retention says.")


def may_erase(turn: Turn) -> bool:
    return knows_case(turn) and not turn.desk.cases.case(case_id(turn)).on_hold


def erase_case(turn: Turn) -> None:
    chosen = case_id(turn)
    turn.desk.erase(chosen, turn.talk.account.id)
    turn.talk.home.draft = {"page": 0}
    turn.say("Erased. Pictures and messages that you saved or passed on must be deleted by hand.")


# --- results ---------------------------------------------------------------------------------------------------------


def stand_at_results(turn: Turn) -> None:
    """The screen under a result names the encounter and the number it is about, never "the latest"."""
    found = turn.desk.latest_result(case_id(turn))
    assert found is not None
    encounter, number = found
    turn.talk.home.draft = {"case": case_id(turn), "encounter": encounter.id, "number": number}


def show_results(turn: Turn) -> None:
    stand_at_results(turn)
    send_results(turn)


def send_results(turn: Turn, kinds: tuple[NewsKind, ...] = ("map", "summary")) -> None:
    draft = turn.talk.home.draft
    turn.desk.send_results(turn, draft["case"], draft["encounter"], draft["number"], kinds)


def send_history(turn: Turn) -> None:
    draft = turn.talk.home.draft
    what = turn.desk.named_result(draft["case"], draft["encounter"], draft["number"])
    turn.news.append(News(turn.talk.account.id, "history", what, draft["case"], is_protected=True))
    turn.desk.tx.audit(turn.talk.account.id, "history.sent", draft["case"])


def send_report(turn: Turn) -> None:
    """The report is for the clinician: protected from nothing, since it may go into a record, but never sent on by us."""
    _send_file(turn, "report")


def _send_file(turn: Turn, wanted: str) -> None:
    draft = turn.talk.home.draft
    body = {**turn.desk.named_result(draft["case"], draft["encounter"], draft["number"]), "wanted": wanted}
    turn.news.append(News(turn.talk.account.id, "file", body, draft["case"]))
    turn.desk.tx.audit(turn.talk.account.id, f"{wanted}.sent", draft["case"])


def is_handed(turn: Turn) -> bool:
    return has_result(turn) and turn.arg in ("family", "export")


def ask_before_handing(turn: Turn) -> None:
    """What leaves the clinic: first who holds responsibility, and who must not learn of the visit."""
    turn.talk.home.draft["handing"] = turn.arg


def hand_over(turn: Turn) -> None:
    _send_file(turn, turn.talk.home.draft.pop("handing"))


def keep_here(turn: Turn) -> None:
    turn.talk.home.draft.pop("handing", None)


def may_compare(turn: Turn) -> bool:
    """There is a result before the one that stands here, and neither was entered in error, from another phone perhaps."""
    encounter = turn.talk.home.draft.get("encounter", "")
    if not knows_case(turn) or turn.desk.result_before(encounter) is None:
        return False
    return _is_finished(turn, encounter)


def send_comparison(turn: Turn) -> None:
    """Both maps, and from three encounters on the course of all of them."""
    draft = turn.talk.home.draft
    earlier = _earlier_results(turn, draft["encounter"])
    before, number = earlier[-1]
    named = turn.desk.named_result(draft["case"], draft["encounter"], draft["number"])
    bodies: dict[NewsKind, dict[str, Any]] = {"compare": {**named, "before": before.id, "before_number": number}}
    if len(earlier) + 1 >= TREND_FROM:
        bodies["trend"] = {**named, "earlier": [{"encounter": e.id, "number": n} for e, n in earlier]}
    for kind, body in bodies.items():
        turn.news.append(News(turn.talk.account.id, kind, body, draft["case"], is_protected=True))
    turn.desk.tx.audit(turn.talk.account.id, "comparison.sent", draft["case"])


def _earlier_results(turn: Turn, encounter_id: str) -> list[tuple[EncounterInfo, int]]:
    """The newest result of every encounter before this one, the earliest first; none that was entered in error."""
    found: list[tuple[EncounterInfo, int]] = []
    before = turn.desk.result_before(encounter_id)
    while before is not None:
        found.append(before)
        before = turn.desk.result_before(before[0].id)
    return found[::-1]


def change_answer(turn: Turn) -> None:
    """Back into the finished interview, at its review; the result so far is kept."""
    draft = turn.talk.home.draft
    info = turn.desk.cases.clinician_interview(draft["encounter"])
    assert info is not None
    turn.desk.open_interview(turn, info.id)
    turn.then = "change"


# --- flags -----------------------------------------------------------------------------------------------------------


def _flag_id(turn: Turn) -> str:
    return turn.arg or str(turn.talk.home.draft.get("flag", ""))


def may_clear(turn: Turn) -> bool:
    info = turn.desk.flags.info(_flag_id(turn))
    return info is not None and info.state == "open" and turn.desk.owns(turn.talk, info.case_id)


def choose_flag(turn: Turn) -> None:
    turn.talk.home.draft["flag"] = turn.arg


def forget_flag(turn: Turn) -> None:
    turn.talk.home.draft.pop("flag", None)


def is_bad_reason(turn: Turn, most: int = REASON_MAX) -> bool:
    return not REASON_MIN <= len(clean(turn.text, 2000)) <= most


def refuse_reason(turn: Turn, most: int = REASON_MAX) -> None:
    turn.say(f"A reason has {REASON_MIN} to {most} characters.")


def clear_flag(turn: Turn) -> None:
    flag_id = _flag_id(turn)
    info = turn.desk.flags.info(flag_id)
    assert info is not None
    turn.desk.flags.clear(flag_id, turn.talk.account.id, clean(turn.text, REASON_MAX))
    turn.desk.tx.audit(turn.talk.account.id, "flag.cleared", info.case_id)
    forget_flag(turn)
    turn.say("Cleared, with your reason. It stays in the record.")


#: What entering a state of the clinician's home does.
ENTER = {"home": _clear, "new": _clear, "cases": enter_cases, "flags": enter_flags}
