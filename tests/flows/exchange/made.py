"""Cases for the tests of exports, walked through the engine by somebody who taps whatever stands there.

The same seed makes the same case: a clinician's interview, questionnaires of others, notes, slips, danger answers confirmed and
cleared, a second encounter, an answer changed after finishing, an encounter entered in error.
"""

from __future__ import annotations

import random

from support.walker import Clinic, Walker

from flows.views import Button, Screen

#: What leads on, or back and forth between answers; never out of the interview.
ANSWERING = frozenset(
    (
        "set",
        "rate",
        "expected",
        "fill",
        "not_known",
        "say",
        "not_sure",
        "skip",
        "next",
        "agree",
        "choose",
        "compare",
        "confirm",
        "slip",
        "confirm_all",
        "one_by_one",
        "as_said",
        "aside",
        "back",
    )
)
#: Words that somebody could type: quotes, commas, formulas, lines, other scripts.
NOTES = (
    "Sleeps in the big bed since the move",
    'He said "no", twice; then slept',
    "=1+1",
    "-2 since spring",
    "@home it is calm",
    "two\nlines",
    "Mamá dice: ñandú, سلام, 你好",
)
MOST_TURNS = 500
ROLES = ("carer", "carer", "school", "self")


def answer(walker: Walker, dice: random.Random, *, danger: float = 0.1) -> None:
    """Answer an interview up to its last look, at random."""
    for _ in range(MOST_TURNS):
        screen = walker.screen
        if any(b.action in ("finish", "send") for b in screen.buttons):
            return
        if dice.random() < 0.04 and walker.screen.typed != "nothing":
            walker.type(f"note: {dice.choice(NOTES)}")
            continue
        button = _choice(screen, dice, danger)
        if button is None:
            walker.type(dice.choice(("R", "Roo", "B.")))
            continue
        walker._tap(button, screen)
    walker.fail("the interview did not end")


def _choice(screen: Screen, dice: random.Random, danger: float) -> Button | None:
    buttons = [b for b in screen.buttons if b.action in ANSWERING]
    if "agree" in {b.action for b in buttons}:
        return next(b for b in buttons if b.action == "agree")
    onward = [b for b in buttons if b.action not in ("set", "back", "aside")]
    sets = [b for b in buttons if b.action == "set" and not b.arg.startswith("weeks")]
    if sets and dice.random() < 0.4:
        return dice.choice(sets)
    may_go_back = any(b.action == "skip" for b in buttons)  # from the facts, back leads home
    if may_go_back and dice.random() < 0.04 and (rare := [b for b in buttons if b.action in ("back", "aside")]):
        return dice.choice(rare)
    calm = [b for b in onward if b.words != "Yes"]
    return dice.choice(onward if dice.random() < danger or not calm else calm) if onward else None


def invite(clinic: Clinic, label: str, role: str, address: str) -> Walker:
    """Somebody with a phone of their own who has opened an invitation."""
    words = {"relation": "foster carer", "responsible": "yes", "must_not_learn": "the uncle"}
    case_id = clinic.case_id(label)
    with clinic.desk() as desk:
        token, _ = desk.invite(case_id, role, words)  # type: ignore[arg-type]
    walker = clinic.stranger(address)
    walker.command("start", token)
    return walker


def begin(clinician: Walker, label: str) -> None:
    clinician.command("cases")
    clinician._tap(next(b for b in clinician.screen.buttons if b.words.startswith(label)), clinician.screen)
    clinician._tap(
        next(b for b in clinician.screen.buttons if b.action in ("start", "reassess", "go_on")), clinician.screen
    )


def finish(clinician: Walker) -> None:
    """Finish, reading what must be read first."""
    for _ in range(100):
        actions = {b.action: b for b in clinician.screen.buttons}
        if "again" in actions:
            return
        is_unread = "notes" in actions and "(0 new)" not in actions["notes"].words
        button = actions["notes"] if is_unread else actions.get("finish") or clinician.button("Back")
        clinician._tap(button, clinician.screen)
    clinician.fail("the encounter was not finished")


def random_case(clinic: Clinic, seed: int) -> str:
    """The label of a case that somebody has walked at random."""
    dice = random.Random(seed)
    label = f"Case {seed}"
    clinician = clinic.clinician(address=f"1{seed}")
    year = dice.choice((1979, 2003, 2009, 2014, 2018, 2021, 2025))
    clinician.command("new")
    clinician.type(label)
    clinician.type(f"{year}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}")
    for number in range(dice.randint(0, 3)):
        informant = invite(clinic, label, dice.choice(ROLES), f"7{seed}{number}")
        answer(informant, dice, danger=0.3)
        if dice.random() < 0.7:
            informant._tap(next(b for b in informant.screen.buttons if b.action == "send"), informant.screen)
    for _ in range(dice.randint(0, 2)):
        begin(clinician, label)
        answer(clinician, dice)
        if dice.random() < 0.2:
            break
        finish(clinician)
        clinic.clock.advance(days=200)
    _settle(clinic, label, dice)
    return label


def _settle(clinic: Clinic, label: str, dice: random.Random) -> None:
    """What happens to a case afterwards: flags cleared, a hold, an encounter entered in error."""
    case_id = clinic.case_id(label)
    with clinic.desk() as desk:
        for flag in desk.flags.infos(case_id):
            if flag.state == "open" and dice.random() < 0.4:
                desk.flags.clear(flag.id, "operator", "Seen and spoken about, = a slip")
        desk.cases.set_hold(case_id, on_hold=dice.random() < 0.3)
        encounters = desk.cases.encounters(case_id)
        if len(encounters) > 1 and dice.random() < 0.4:
            desk.cases.set_encounter_state(encounters[0].id, "entered_in_error")
