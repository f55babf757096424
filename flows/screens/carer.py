"""The questionnaire of a carer, a school or the person themself: plain words, in their language, never a result.

Every sentence here goes through `t`; tests/flows/test_wording.py reads them all for length, grade and translation.
"""

from __future__ import annotations

from collections.abc import Callable

from flows import carer_moves as carer
from flows import interview_moves as moves
from flows.conversation import Turn
from flows.itinerary import STAGES, Step, last_name
from flows.labels import (
    about_text,
    asked_text,
    asked_words,
    bulk_words,
    consent_text,
    danger_asked,
    period_not_known_words,
)
from flows.scales import cycle_of, next_token, token_of
from flows.screens.parts import Rendered, Rows, grid, without_empty
from flows.views import Button, Typed
from flows.wording import Translate, language_of, languages, translator
from scoring.documents.blocks import Block, Bullets, Heading, Paragraph

#: Open questionnaires on one screen.
MOST_QUESTIONNAIRES = 40
#: Seconds a tap takes somebody who reads each question once; for the minutes left.
SECONDS_A_SCREEN = 9
LANGUAGE_NAMES = {"en": "English", "es": "Español"}


def words_of(turn: Turn) -> Translate:
    return translator(turn.talk.account.locale)


# --- inside a questionnaire ------------------------------------------------------------------------------------------


def carer_screen(turn: Turn) -> Rendered:
    """What stands on the phone of somebody who answers."""
    interview = turn.interview
    if interview.state in ENDED:
        return ENDED[interview.state](turn)
    step = turn.step
    if step.kind == "consent":
        return _consent(turn)
    if step.kind == "review":
        return _last_look(turn)
    body = {
        "about": _about,
        "alone": _about,
        "more": _more,
        "hard": _list,
        "held": _list,
        "relationships": _list,
        "function": _function,
        "danger": _danger,
    }[step.kind]
    blocks, rows = body(turn, step)
    typed: Typed = "text" if step.key == "about.word" else "note"
    return (*_head(turn, step), *blocks), without_empty((*rows, *_navigation(turn))), typed


def _head(turn: Turn, step: Step) -> tuple[Block, ...]:
    """Whom it is about, which of the four steps this is, and about how many minutes are left."""
    t, interview = words_of(turn), turn.interview
    word = interview.answers.value("about.word")
    steps = interview.steps(turn.instrument)
    keys = [s.key for s in steps]
    left = len(steps) - keys.index(step.key) if step.key in keys else 0
    minutes = max(1, round(left * SECONDS_A_SCREEN / 60))
    names = [t("Earlier"), t("Every day"), t("People around"), t("Staying safe")]
    stages = [s for s in STAGES[1:-1] if any(one.stage == s for one in steps)]
    place = t(
        "Step {at} of {of}: {name}",
        at=stages.index(step.stage) + 1,
        of=len(stages),
        name=names[STAGES.index(step.stage) - 1],
    )
    left_words = t("About {minutes} minutes left", minutes=minutes) if minutes > 1 else t("About a minute left")
    line = f"{place} · {left_words}"
    return (Paragraph(f"{t('About {word}', word=word)} · {line}" if word else line, "small"),)


def _navigation(turn: Turn) -> Rows:
    t = words_of(turn)
    first = [Button(t("‹ Back"), "back")]
    if moves.may_leave_open(turn):
        first += [Button(t("Skip"), "skip"), Button(t("Not sure"), "not_sure")]
    going = (Button(t("Next"), "next"),) if moves.may_go_on(turn) else ()
    last = (Button(t("Pause"), "pause"), Button(t("Hide"), "hide"))
    return (going, tuple(first), last)


def _consent(turn: Turn) -> Rendered:
    t = words_of(turn)
    opening, asked_for, *notice = consent_text(turn.interview, turn.instrument)
    blocks: tuple[Block, ...] = (
        Heading(t("Before you begin")),
        Paragraph(opening),
        Paragraph(asked_for),
        Bullets(tuple(notice)),
        *(Paragraph(line, "small") for line in turn.desk.help_lines(turn)),
    )
    rows = (
        (Button(t("I agree"), "agree"), Button(t("No thanks"), "decline")),
        (Button(t("Language"), "language"), Button(t("Hide"), "hide")),
    )
    return blocks, rows, "nothing"


def _about(turn: Turn, step: Step) -> tuple[tuple[Block, ...], Rows]:
    t, item = words_of(turn), step.items[0]
    if item == "about.word":
        return (
            Heading(about_text(item, t)),
            Paragraph(t("Type a first letter or a short word for them. You will see it on every screen.")),
        ), ()
    buttons = [Button(t(words), "choose", value) for value, words in carer.choices(step, turn).items()]
    if item == "about.alone":
        blocks: tuple[Block, ...] = (
            Heading(about_text(item, t)),
            Paragraph(t("The next questions are about danger. It is best when nobody reads along.")),
            Paragraph(t("A yes to danger stays, even if you erase the rest. Your clinician is told.")),
        )
        return blocks, grid(buttons, 1)
    return (Heading(about_text(item, t)), *_chosen(turn, step)), grid(buttons, 1 if len(buttons) > 4 else 2)


def _more(turn: Turn, step: Step) -> tuple[tuple[Block, ...], Rows]:
    t = words_of(turn)
    return (
        Heading(t("Some hard things are not asked here")),
        Paragraph(t("You can tell your clinician about them, when and as much as you like.")),
        Paragraph(about_text("about.more", t)),
    ), ()


def _list(turn: Turn, step: Step) -> tuple[tuple[Block, ...], Rows]:
    """A list of plain sentences; each tap steps one of them on."""
    t, interview = words_of(turn), turn.interview
    texts = turn.instrument.texts[interview.language(turn.instrument)]
    blocks: list[Block] = []
    if step.period:
        period = texts.periods[step.period]
        when = period.self if interview.role == "self" else period.carer
        when = when[:1].upper() + when[1:]
        blocks.append(Heading(when))
        hard = t("Did any of this happen then?")
        blocks.append(Paragraph(hard if step.kind == "hard" else t("What was there then?")))
    else:
        blocks.append(Heading(t("People and days now")))
        if interview.role == "carer" and any(last_name(i) in turn.instrument.figures.of_self for i in step.items):
            blocks.append(Paragraph(t("Some of this is about you. It is asked to find help for you too.")))
    blocks.append(Bullets(tuple(asked_text(i, interview, turn.instrument) for i in step.items), start=1))
    blocks.append(Paragraph(t("Each tap on a number changes its answer."), "small"))
    rows: list[tuple[Button, ...]] = []
    for place, item in enumerate(step.items):
        token = token_of(interview.answers, item)
        words = f"{place + 1}. "
        words += t("tap to answer") if token is None else _value_words(turn, step, item, token)
        rows.append((Button(words, "set", f"{place}:{next_token(cycle_of(step.kind, item), token)}"),))
    if step.open_items(interview.answers):
        rows.append((Button(bulk_words(step.kind, interview), "fill"),))
    if step.period:
        rows.append((Button(period_not_known_words(interview), "not_known"),))
    return tuple(blocks), tuple(rows)


def _value_words(turn: Turn, step: Step, item: str, token: str) -> str:
    t = words_of(turn)
    if turn.interview.answers.of[item].kind == "skipped":
        return t("skipped")
    return asked_words(step.kind, token, turn.interview, turn.instrument)


def _function(turn: Turn, step: Step) -> tuple[tuple[Block, ...], Rows]:
    t, interview = words_of(turn), turn.interview
    texts = turn.instrument.texts[interview.language(turn.instrument)]
    name = last_name(step.items[0])
    text = texts.functions[name]
    if interview.role == "self":
        assert text.self is not None
        example, others = text.self.example, t("Compared with others your age:")
    else:
        asked = text.school if interview.role == "school" else text.carer
        assert asked is not None
        example = asked.example_at(interview.person.age_months)
        others = t("Compared with others their age:")
    buttons = [Button(texts.scales["carer_scale"][value].word, "compare", value) for value in carer.COMPARED]
    blocks = (
        Paragraph(asked_text(step.items[0], interview, turn.instrument), "strong"),
        Paragraph(t("For example: {example}", example=example)),
        *_chosen(turn, step),
        Paragraph(others, "small"),
    )
    return blocks, grid(buttons, 2)


def _danger(turn: Turn, step: Step) -> tuple[tuple[Block, ...], Rows]:
    t, interview = words_of(turn), turn.interview
    asked = danger_asked(step.items[0], interview, turn.instrument)
    if interview.pending_flag(turn.instrument):
        act = (Paragraph(asked.act),) if asked.act else ()
        blocks: tuple[Block, ...] = (
            Heading(t("What you can do now")),
            *act,
            *(Paragraph(line, "strong") for line in turn.desk.help_lines(turn)),
            Paragraph(t("You said yes to: {question}", question=asked.question), "small"),
            Paragraph(t("Nobody is reading this now. Do not wait for us.")),
        )
        rows = ((Button(t("Yes, it is so"), "confirm"),), (Button(t("A slip"), "slip"),))
        return blocks, rows
    meant = (Paragraph(asked.meant, "small"),) if asked.meant else ()
    blocks = (Paragraph(asked.question, "strong"), *meant, *_chosen(turn, step))
    return blocks, ((Button(t("Yes"), "say", "yes"), Button(t("No"), "say", "no")),)


def _chosen(turn: Turn, step: Step) -> tuple[Block, ...]:
    """The earlier answer, when one comes back to it; Next keeps it."""
    t, item = words_of(turn), step.items[0]
    answer = turn.interview.answers.of.get(item)
    if answer is None:
        return ()
    if answer.kind == "skipped":
        said = t("Skip")
    elif answer.value is None:
        said = t("Not sure")
    elif isinstance(answer.value, bool):
        said = t("Yes") if answer.value else t("No")
    elif step.kind == "function":
        texts = turn.instrument.texts[turn.interview.language(turn.instrument)]
        said = texts.scales["carer_scale"][str(answer.value)].word
    else:
        said = t(carer.choices(step, turn).get(str(answer.value), str(answer.value)))
    return (Paragraph(t("You said: {said}. Next keeps it.", said=said), "small"),)


def _last_look(turn: Turn) -> Rendered:
    """A last look before sending: what is answered and open in each part, and the way back into each."""
    t, interview = words_of(turn), turn.interview
    steps = interview.steps(turn.instrument)
    names = {
        "history": t("Earlier"),
        "functioning": t("Every day"),
        "relationships": t("People around"),
        "safety": t("Staying safe"),
    }
    lines, buttons = [], []
    for stage, name in names.items():
        chosen = [(place, s) for place, s in enumerate(steps) if s.stage == stage]
        if not chosen:
            continue
        items = [i for _, s in chosen for i in s.items]
        done = sum(interview.answers.is_reached(i) for i in items)
        lines.append(t("{name}: {done} of {of} answered", name=name, done=done, of=len(items)))
        first = next((p for p, s in chosen if not s.is_answered(interview.answers)), chosen[0][0])
        buttons.append(Button(name, "edit", str(first)))
    word = interview.answers.value("about.word")
    blocks = (
        *((Paragraph(t("About {word}", word=word), "small"),) if word else ()),
        Heading(t("A last look")),
        Bullets(tuple(lines)),
        Paragraph(t("Tap a part to go back into it. Open answers are fine.")),
        Paragraph(t("Send gives it to the clinician. You can add a note here first: type it.")),
    )
    last = (Button(t("‹ Back"), "back"), Button(t("Pause"), "pause"), Button(t("Hide"), "hide"))
    return blocks, without_empty((*grid(buttons, 2), (Button(t("Send"), "send"),), last)), "note"


# --- outside of the questions ----------------------------------------------------------------------------------------


def hidden_screen(turn: Turn) -> Rendered:
    """Something neutral, at once; only somebody who writes /start is offered the way back."""
    t = words_of(turn)
    rows: Rows = ((Button(t("Go on"), "show"),),) if turn.talk.home.draft.get("offers_return") else ()
    return (Paragraph(t("Nothing to see here just now.")),), rows, "nothing"


def _paused(turn: Turn) -> Rendered:
    t = words_of(turn)
    return (
        (Heading(t("Paused")), Paragraph(t("All is kept. Go on when it suits you."))),
        ((Button(t("Go on"), "resume"),), (Button(t("Privacy"), "privacy"), Button(t("Hide"), "hide"))),
        "nothing",
    )


def _sent(turn: Turn) -> Rendered:
    t = words_of(turn)
    return (
        (
            Heading(t("Thank you")),
            Paragraph(t("It is sent. The clinician will read it and talk with you.")),
            Paragraph(t("If someone is in danger, do not wait for an answer.")),
            *(Paragraph(line, "small") for line in turn.desk.help_lines(turn)),
        ),
        ((Button(t("Privacy"), "privacy"), Button(t("Hide"), "hide")),),
        "nothing",
    )


def _withdrawn(turn: Turn) -> Rendered:
    t = words_of(turn)
    return (
        (Heading(t("That is fine")), Paragraph(t("Nothing more is asked, and nobody will remind you."))),
        ((Button(t("Privacy"), "privacy"), Button(t("Hide"), "hide")),),
        "nothing",
    )


ENDED: dict[str, Callable[[Turn], Rendered]] = {"paused": _paused, "finished": _sent, "withdrawn": _withdrawn}


def mine_screen(turn: Turn) -> Rendered:
    """The questionnaires of an account, each by the word its owner chose."""
    t = words_of(turn)
    buttons = [Button(word, "go_on_with", interview) for interview, word in open_questionnaires(turn)]
    blocks: tuple[Block, ...] = (
        Heading(t("Your questions")),
        Paragraph(t("Tap to go on.") if buttons else t("There is nothing to answer just now.")),
    )
    last = (
        (Button(t("My work"), "home"),) if turn.talk.account.clinician_id else (),
        (Button(t("Help"), "help"), Button(t("Privacy"), "privacy")),
        (Button(t("Language"), "language"), *_curtain(turn)),
    )
    return blocks, without_empty((*grid(buttons, 1), *last)), "nothing"


def _curtain(turn: Turn) -> tuple[Button, ...]:
    """Hide, for whoever may share the phone with somebody; a clinician's own screens have none."""
    return () if turn.talk.account.clinician_id else (Button(words_of(turn)("Hide"), "hide"),)


def _way_back(turn: Turn) -> tuple[Button, ...]:
    return (Button(words_of(turn)("‹ Back"), "back"), *_curtain(turn))


def open_questionnaires(turn: Turn) -> list[tuple[str, str]]:
    """Interview id and its owner's word for it, of the latest that are open: a message holds a hundred buttons at most.

    Whoever has more comes to the earlier ones when some of these are sent or erased.
    """
    t = words_of(turn)
    found = []
    all_of_them = enumerate(turn.desk.cases.informing(turn.talk.account.id), start=1)
    for number, info in [(n, info) for n, info in all_of_them if info.state != "finished"][:MOST_QUESTIONNAIRES]:
        word = turn.desk.cases.interview(info.id, turn.today).answers.value("about.word")
        found.append((info.id, str(word or t("Questions {number}", number=number))))
    return found


def choose_screen(turn: Turn) -> Rendered:
    """For somebody who is both: no case data here."""
    t = words_of(turn)
    return (
        (Paragraph(t("Where to?")),),
        ((Button(t("My work"), "home"),), (Button(t("Questions I answer"), "mine"),)),
        "nothing",
    )


def help_screen(turn: Turn) -> Rendered:
    t = words_of(turn)
    lines = (
        t("One question a screen. Tap the answer that fits best."),
        t("Not sure and Skip are good answers."),
        t("You can type a note on any screen. It is kept."),
        t("Hide turns the screen blank at once. Write /start to come back."),
        t("Pause keeps all you said. Come back on this phone or another."),
        t("Nobody reads along. If someone is in danger, get help at once."),
    )
    help_now = tuple(Paragraph(line, "small") for line in turn.desk.help_lines(turn))
    return (Heading(t("Help")), Bullets(lines), *help_now), (_way_back(turn),), "nothing"


def privacy_screen(turn: Turn) -> Rendered:
    t = words_of(turn)
    days = turn.desk.settings.retention_days
    lines = (
        t("Kept: your answers and notes, locked with a key of their own."),
        t("They are kept where the clinic runs this, as long as it needs them."),
        *(
            (
                t(
                    "They are erased when nobody has used them for {days} days. The clinic may keep some longer.",
                    days=days,
                ),
            )
            if days
            else ()
        ),
        t("Only the clinician reads them. Others who answer do not see them."),
        t("Telegram carries these messages. Its servers could see them, so use no full names."),
        t("You can erase what you said until you send it. After that, ask the clinician."),
        t("Answers about danger stay when you erase the rest."),
    )
    return (Heading(t("Privacy")), Bullets(lines)), (*erasing(turn), _way_back(turn)), "nothing"


def erasing(turn: Turn) -> Rows:
    """What somebody who answers can still erase of what they said."""
    t = words_of(turn)
    said = open_questionnaires(turn)
    return grid([Button(t("Erase what I said: {word}", word=word), "erase_one", i) for i, word in said], 1)


def erase_screen(turn: Turn) -> Rendered:
    t = words_of(turn)
    return (
        (
            Heading(t("Erase what you said?")),
            Paragraph(t("It cannot be brought back. A yes about danger stays.")),
        ),
        ((Button(t("Yes, erase"), "yes_erase_mine"),), _way_back(turn)),
        "nothing",
    )


def language_screen(turn: Turn) -> Rendered:
    t = words_of(turn)
    now = language_of(turn.talk.account.locale)
    buttons = [Button(LANGUAGE_NAMES.get(c, c), "set_language", c, is_chosen=c == now) for c in languages()]
    return (Heading(t("Language")),), (*grid(buttons, 2), _way_back(turn)), "nothing"
