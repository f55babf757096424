"""A clinician's home, cases, flags and results; and the one screen that a stranger sees."""

from __future__ import annotations

from collections.abc import Callable

from flows import home_moves as moves
from flows.conversation import Turn
from flows.dates import FORMS
from flows.desk import on_day
from flows.handing import before_it_leaves
from flows.home_moves import LABEL_MAX, LABEL_MIN, PAGE_SIZE
from flows.inviting_moves import ROLES, SELF_FROM_MONTHS
from flows.screens import carer, plan
from flows.screens.parts import BACK, HOME, IN_ORDER, Rendered, age_words, grid, pager, without_empty
from flows.views import Button
from flows.wording import translator
from scoring.case import completed_months
from scoring.documents.blocks import Block, Bullets, Heading, Paragraph

#: So many fit into one message with their words.
FLAGS_A_PAGE = 5
CASES = Button("My cases", "cases")


def home_screen(turn: Turn) -> Rendered:
    return SCREENS[turn.talk.home.state](turn)


def _stranger(turn: Turn) -> Rendered:
    t = translator(turn.talk.account.locale)
    text = (
        t("This is Stemwise. Clinicians use it to get ready for a visit."),
        t("It is for people who were given a code or a link. If you were, open that again."),
        t("It answers nobody else. What you write here is not kept."),
    )
    return tuple(Paragraph(line) for line in text), (), "nothing"


def _home(turn: Turn) -> Rendered:
    clinician = turn.talk.account.clinician_id
    blocks: list[Block] = [Heading("Stemwise")]
    if clinician:
        flags = turn.desk.flags.open_of_clinician(clinician)
        lost = turn.desk.undelivered_of(clinician)
        if flags:
            cases = len({f.case_id for f in flags})
            blocks.append(
                Paragraph(f"Open danger flags: {len(flags)} in {cases} {'case' if cases == 1 else 'cases'}.", "strong")
            )
        if lost:
            blocks.append(Paragraph(f"Messages that could not be delivered: {lost}.", "strong"))
    else:
        flags = []
    blocks.append(Paragraph("A guided intake, one screen at a time. Every answer is kept as soon as you tap."))
    flag_row = (Button(f"Danger flags ({len(flags)})", "flags"),) if flags else ()
    rows = (flag_row, (Button("New case", "new"), CASES), (Button("Help", "help"), Button("Privacy", "privacy")))
    return tuple(blocks), without_empty(rows), "nothing"


def _label(turn: Turn) -> Rendered:
    return (
        (
            Heading("New case"),
            Paragraph(f"Type a label for the person, {LABEL_MIN} to {LABEL_MAX} characters. Do not use a full name."),
        ),
        ((BACK,),),
        "text",
    )


def _born(turn: Turn) -> Rendered:
    label = turn.talk.home.draft.get("label", "")
    return (Heading(f"{label}: date of birth"), Paragraph(f"Type it. {FORMS}")), ((BACK, HOME),), "text"


def _ready(turn: Turn) -> Rendered:
    case = turn.desk.cases.case(turn.talk.home.draft["case"])
    age = completed_months(case.born, turn.today)
    return (
        (
            Heading(f"{case.label} · {age_words(age)}"),
            Paragraph(f"Born {on_day(case.born)}. The case is made and kept."),
            *_notice(turn),
        ),
        ((Button("Start now", "start"),), (Button("Invite a carer first", "invite"),), (HOME,)),
        "nothing",
    )


def _notice(turn: Turn) -> tuple[Block, ...]:
    return (Paragraph("Before you begin", "strong"), Bullets(turn.instrument.words.notice.points))


def _cases(turn: Turn) -> Rendered:
    clinician = turn.talk.account.clinician_id
    assert clinician is not None
    total = turn.desk.cases.count_cases(clinician)
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(int(turn.talk.home.draft.get("page", 0)), pages - 1)
    buttons = []
    for case in turn.desk.cases.cases_of(clinician, offset=page * PAGE_SIZE, limit=PAGE_SIZE):
        day = on_day(turn.desk.settings.local_day(case.last_activity_at))
        buttons.append(Button(f"{case.label} · {turn.desk.case_state(case)} · {day}", "open", case.id))
    blocks: list[Block] = [Heading("My cases")]
    if not total:
        blocks.append(Paragraph("No cases yet. New case begins one."))
    elif pages > 1:
        blocks.append(Paragraph(f"Page {page + 1} of {pages}, newest first.", "small"))
    new = (Button("New case", "new"),) if not total else ()
    return tuple(blocks), without_empty((*grid(buttons, 1), pager(page, pages), new, (BACK,))), "nothing"


def _case(turn: Turn) -> Rendered:
    desk = turn.desk
    case = desk.cases.case(turn.talk.home.draft["case"])
    encounters = desk.cases.encounters(case.id)
    opened, result = desk.open_encounter(case.id), desk.latest_result(case.id)
    begun = opened is not None and desk.cases.clinician_interview(opened.id) is not None
    blocks: list[Block] = [
        Heading(f"{case.label} · {age_words(completed_months(case.born, turn.today))}"),
        Paragraph(f"Born {on_day(case.born)} · {desk.case_state(case)} · id {case.id}", "small"),
    ]
    lines = [
        f"Encounter {e.number}: {e.state.replace('_', ' ')}" + (f", {on_day(e.assessed)}" if e.assessed else "")
        for e in encounters
    ]
    if lines:
        blocks.append(Bullets(tuple(lines)))
    flags = desk.open_flags(case.id)
    if flags:
        blocks.append(Paragraph(f"Open danger flags: {len(flags)}", "strong"))
    rows: list[tuple[Button, ...]] = []
    if flags:
        rows.append((Button(f"Danger flags ({len(flags)})", "case_flags"),))
    if begun:
        rows.append((Button("Go on", "go_on"),))
    elif result is None:
        rows.append((Button("Start", "start"),))
    if result is not None:
        rows.append((Button("Results", "results"),))
        if opened is None:
            rows.append((Button("Reassess", "reassess"),))
    if opened is not None or result is None:
        rows.append((Button("Invite", "invite"),))
    if any(e.state != "entered_in_error" for e in encounters):
        rows.append((Button("Entered in error", "in_error"),))
    rows.append((Button("End the hold" if case.on_hold else "Hold", "hold"), Button("Erase", "erase")))
    rows.append((BACK, HOME))
    return tuple(blocks), tuple(rows), "nothing"


def _results(turn: Turn) -> Rendered:
    draft = turn.talk.home.draft
    case = turn.desk.cases.case(draft["case"])
    encounter = turn.desk.cases.encounter(draft["encounter"])
    day = on_day(encounter.assessed) if encounter.assessed else ""
    number = f", result {draft['number']}" if draft["number"] > 1 else ""
    if not moves.counts(turn):
        text = f"The encounter of {day} was entered in error. It is kept, and counts nowhere; nothing is made of it any more."
        return (
            (Heading(f"Results · {case.label}"), Paragraph(text, "strong")),
            ((Button("Close", "home"), BACK),),
            "nothing",
        )
    return (
        (
            Heading(f"Results · {case.label}"),
            Paragraph(f"Map and summary of {day}{number}. They are sent as messages of their own."),
            Paragraph(turn.instrument.words.notice.short, "small"),
        ),
        without_empty(
            (
                (Button("Report (PDF)", "report"), Button("For the family (PDF)", "hand", "family")),
                (Button("Plan", "plan"), Button("History picture", "history_picture")),
                (Button("Compare", "compare_results"),) if moves.may_compare(turn) else (),
                (Button("Change an answer", "change"), Button("Export", "hand", "export")),
                (Button("Send again", "again"), Button("Close", "home")),
                (BACK,),
            )
        ),
        "nothing",
    )


def _handing(turn: Turn) -> Rendered:
    """Before something leaves the clinic: who holds responsibility, and who must not learn of the visit."""
    draft = turn.talk.home.draft
    what = "the page for the family" if draft.get("handing") == "family" else "the whole case as a file"
    blocks = (Heading("Before it leaves here"), Paragraph(f"This sends you {what}."))
    said = before_it_leaves(turn.desk, draft["case"])
    return (*blocks, *said), ((Button("Send it to me", "hand_over"), BACK),), "nothing"


def _erase(turn: Turn) -> Rendered:
    case = turn.desk.cases.case(turn.talk.home.draft["case"])
    if case.on_hold:
        text = "This case is on hold, so it cannot be erased. End the hold first."
        return (Heading(f"Erase {case.label}?"), Paragraph(text)), ((BACK,),), "nothing"
    return (
        (
            Heading(f"Erase {case.label}?"),
            Paragraph(
                "Its key, answers, flags and results are destroyed and cannot be brought back. Messages in this chat that are"
                " older than 48 hours, and what was saved or passed on, must be deleted by hand.",
                "strong",
            ),
        ),
        ((Button("Yes, erase", "yes_erase"), BACK),),
        "nothing",
    )


def _in_error(turn: Turn) -> Rendered:
    """Which encounter would be marked; the button names it too, since another phone may have marked it meanwhile."""
    encounter = moves.markable(turn)
    heading = Heading("Entered in error?")
    if encounter is None:
        return (heading, Paragraph("There is no encounter left to mark.")), ((BACK,),), "nothing"
    day = on_day(encounter.assessed or turn.desk.settings.local_day(encounter.started_at))
    text = f"Encounter {encounter.number} of {day} is kept, but never scored, compared or exported as the latest."
    return (
        (heading, Paragraph(text)),
        ((Button("Yes, entered in error", "yes_in_error", encounter.id), BACK),),
        "nothing",
    )


def _flags(turn: Turn) -> Rendered:
    chosen = turn.talk.home.draft.get("case")
    clinician = turn.talk.account.clinician_id
    assert clinician is not None
    flags = turn.desk.open_flags(chosen) if chosen else turn.desk.flags.open_of_clinician(clinician)
    pages = max(1, -(-len(flags) // FLAGS_A_PAGE))
    page = min(int(turn.talk.home.draft.get("page", 0)), pages - 1)
    first = page * FLAGS_A_PAGE
    blocks: list[Block] = [Heading("Open danger flags")]
    if pages > 1:
        blocks.append(Paragraph(f"{len(flags)} flags, page {page + 1} of {pages}, oldest first.", "small"))
    lines, buttons = [], []
    for number, flag in enumerate(flags[first : first + FLAGS_A_PAGE], start=first + 1):
        case = turn.desk.cases.case(flag.case_id)
        text = turn.instrument.words.safety[flag.question]
        when = on_day(turn.desk.settings.local_day(flag.raised_at))
        waits = "" if flag.state == "open" else " Not yet confirmed by them."
        lines.append(f"{case.label}: {text.question} Said by: {turn.desk.who_raised(flag)}, {when}.{waits} {text.act}")
        if flag.state == "open":
            buttons.append(Button(f"Clear {number}. {text.short}", "clear", flag.id))
    blocks.append(Bullets(tuple(lines), start=first + 1) if lines else Paragraph("None."))
    if flags:
        blocks.append(Paragraph(turn.desk.duty_to_report(turn), "strong"))
    blocks.append(Paragraph("A flag stays until you clear it, with a reason.", "small"))
    return tuple(blocks), without_empty((*grid(buttons, 1), pager(page, pages, IN_ORDER), (BACK,))), "nothing"


def _clearing(turn: Turn) -> Rendered:
    info = turn.desk.flags.info(turn.talk.home.draft.get("flag", ""))
    words = turn.instrument.words.safety[info.question].short if info else ""
    return (
        (Heading(f"Clear: {words}"), Paragraph("Type the reason. It is kept with the flag and in the record.")),
        ((BACK,),),
        "text",
    )


HELP = (
    "One screen at a time, with your thumb. On lists each tap steps a value on; one button fills the rest.",
    "On a rating screen tap 1 to 12, or type it. Any other text becomes a note on the screen.",
    "Not sure and Skip are good answers: they count as unknown and widen the result's range.",
    "Back never deletes. Pause keeps everything, and My cases leads back to it.",
    "Danger answers are kept at once. Nobody watches this chat: act on them as your service asks of you.",
)
PRIVACY = (
    "Kept: what you and others answer, labels and dates of birth, sealed with a key for each case, on the machine that your"
    " service runs. Times and states are kept open.",
    "Bot chats are not end-to-end encrypted: Telegram's servers carry what is written here. Use labels, never full names.",
    "For how long: until a case is erased, or as your service's retention says. Erase destroys the case's key. It deletes in this"
    " chat what a bot may still delete (48 hours); the rest must be deleted by hand.",
    "Who reads it: the case's clinician. Who did what to which case, and when, is recorded without content.",
)


def _help(turn: Turn) -> Rendered:
    return (Heading("Help"), Bullets(HELP), *_notice(turn)), ((BACK,),), "nothing"


def _privacy(turn: Turn) -> Rendered:
    """A clinician's own; who answers a questionnaire besides can erase what they said there."""
    days = turn.desk.settings.retention_days
    kept_for = (
        f"Your service's retention: a case that nobody has touched for {days} days is erased by itself. You are told a week"
        " before. Hold keeps it, and so does an open danger flag.",
    )
    lines = (*PRIVACY, *(kept_for if days else ()))
    return (Heading("Privacy"), Bullets(lines)), (*carer.erasing(turn), (BACK,)), "nothing"


def _for(turn: Turn, clinicians: Callable[[Turn], Rendered], informants: Callable[[Turn], Rendered]) -> Rendered:
    return clinicians(turn) if turn.talk.account.clinician_id else informants(turn)


def _language(turn: Turn) -> Rendered:
    return carer.language_screen(turn)


def _invite(turn: Turn) -> Rendered:
    desk, chosen = turn.desk, turn.talk.home.draft["case"]
    case = desk.cases.case(chosen)
    lines, withdrawing = [], []
    for info in desk.invitations.of_case(chosen):
        who = ROLES[info.role]
        relation = info.words.get("relation")
        named = f"{who} ({relation})" if relation else who
        day = on_day(desk.settings.local_day(info.expires_at))
        lines.append(f"{named}: {info.state}" + (f", until {day}" if info.state == "open" else ""))
        if info.state == "open":
            withdrawing.append(Button(f"Withdraw: {named}", "withdraw_invitation", info.id))
    blocks: list[Block] = [Heading(f"Invite for {case.label}"), Paragraph("Whom do you want to ask?")]
    if lines:
        blocks.append(Bullets(tuple(lines)))
    is_old_enough = completed_months(case.born, turn.today) >= SELF_FROM_MONTHS
    roles = [Button(words, "role", role) for role, words in ROLES.items() if role != "self" or is_old_enough]
    return tuple(blocks), without_empty((*grid(roles, 2), *grid(withdrawing, 1), (BACK, HOME))), "nothing"


def _invite_relation(turn: Turn) -> Rendered:
    return (
        (
            Heading("Who are they to the person?"),
            Paragraph("Type it, like: grandmother, class teacher. No names needed."),
        ),
        ((Button("Skip", "skip"),), (BACK,)),
        "text",
    )


def _invite_responsible(turn: Turn) -> Rendered:
    buttons = (Button("Yes", "responsible", "yes"), Button("No", "responsible", "no"))
    return (
        (
            Heading("Do they hold parental responsibility?"),
            Paragraph("It is shown to you before anything leaves here."),
        ),
        (buttons, (Button("Not known", "responsible", "not_known"),), (BACK,)),
        "nothing",
    )


def _invite_hidden_from(turn: Turn) -> Rendered:
    return (
        (
            Heading("Who must not learn of this?"),
            Paragraph("Type who must not learn of the visit or of this questionnaire, or tap Nobody."),
        ),
        ((Button("Nobody", "nobody"),), (BACK,)),
        "text",
    )


def _invited(turn: Turn) -> Rendered:
    return (
        (
            Heading("Invitation made"),
            Paragraph(
                "Link, picture and a text to forward come as messages. The link works once, for the first who opens it."
            ),
        ),
        ((Button("Invite another", "invite"), Button("Start now", "start")), (BACK, HOME)),
        "nothing",
    )


SCREENS: dict[str, Callable[[Turn], Rendered]] = {
    "stranger": _stranger,
    "home": _home,
    "label": _label,
    "born": _born,
    "ready": _ready,
    "cases": _cases,
    "case": _case,
    "results": _results,
    "handing": _handing,
    **plan.SCREENS,
    "erase": _erase,
    "in_error": _in_error,
    "flags": _flags,
    "clearing": _clearing,
    "help": lambda turn: _for(turn, _help, carer.help_screen),
    "privacy": lambda turn: _for(turn, _privacy, carer.privacy_screen),
    "language": _language,
    "mine": carer.mine_screen,
    "choose": carer.choose_screen,
    "erase_mine": carer.erase_screen,
    "invite": _invite,
    "invite_relation": _invite_relation,
    "invite_responsible": _invite_responsible,
    "invite_hidden_from": _invite_hidden_from,
    "invited": _invited,
}
