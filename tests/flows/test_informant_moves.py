"""Every transition that informants take, and those that a clinician takes because of them, fired by real walks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.informants import answered, begun, invited, opened
from support.walker import Clinic, Walker

from flows.conversation import Turn
from flows.machines import HOME, INTERVIEW, Conversations, Move

#: Triggers that exist because others than the clinician answer.
OF_INTERVIEWS = frozenset(
    (
        "agree",
        "decline",
        "choose",
        "word",
        "compare",
        "confirm",
        "slip",
        "send",
        "withdraw",
        "confirm_all",
        "one_by_one",
        "as_said",
        "notes",
    )
)
OF_HOME = frozenset(
    (
        "go_on_with",
        "erase_one",
        "yes_erase_mine",
        "set_language",
        "role",
        "responsible",
        "nobody",
        "withdraw_invitation",
    )
)


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[tuple[int, str, str]]]:
    """Machine, source and trigger of every transition that fires meanwhile."""
    found: set[tuple[int, str, str]] = set()
    fire = Conversations.fire

    def recording(machine: Conversations, actor: Any, trigger: str, turn: Turn) -> bool:
        source = actor.state
        happened = fire(machine, actor, trigger, turn)
        if happened:
            found.add((id(machine), source, trigger))
        return happened

    monkeypatch.setattr(Conversations, "fire", recording)
    yield found


def wanted(machine: Conversations, triggers: frozenset[str]) -> set[tuple[int, str, str]]:
    moves: tuple[Move, ...] = machine.moves
    return {(id(machine), m.source, m.trigger) for m in moves if m.trigger in triggers}


def test_every_transition_of_informants_is_taken_by_somebody(
    clinic: Clinic, walker: Walker, fired: set[tuple[int, str, str]]
) -> None:
    # the clinician invites, from the screens
    walker.command("new")
    walker.type("Robin")
    walker.type("2010-01-10")
    walker.tap("Invite a carer first")
    walker.tap("A carer")
    walker.tap("Skip")
    walker.tap("No")
    walker.tap("Nobody")
    walker.tap("Invite another")
    walker.tap("School")
    walker.type("class teacher")
    walker.tap("Not known")
    walker.type("the neighbours")
    walker.tap("Invite another")
    walker.tap("Withdraw: A carer")
    walker.tap("Home")

    # a carer answers everything, with a slip and a yes that is meant
    carer = begun(clinic, invited(clinic, "Robin"), "500")
    answered(carer, until="right now?")
    carer.tap("Yes")
    carer.tap("A slip")
    carer.tap("Yes")
    carer.tap("Yes, it is so")
    answered(carer)
    carer.type("He sleeps badly since June")
    carer.tap("Send")

    # another says Later, sends, is asked once more, erases a second one at its first screen
    other = begun(clinic, invited(clinic, "Robin"), "501")
    answered(other, until="answer alone")
    other.tap("Later")
    other.tap("Send")
    other.tap("Leave these out")
    other.tap("Pause")
    other.command("privacy")
    other.tap("Erase what I said: K")
    other.tap("Yes, erase")
    fresh = opened(clinic, invited(clinic, "Robin"), "502")
    fresh.command("privacy")
    fresh.tap("Erase what I said: Questions 1")
    fresh.tap("Yes, erase")
    opened(clinic, invited(clinic, "Robin"), "503").tap("No thanks")

    # one goes on from the list, in another language
    late = begun(clinic, invited(clinic, "Robin"), "504")
    late.command("language")
    late.tap("Español")
    late.tap("K")

    late.command("pausa")
    late.forge("pause")
    late.command("language")
    with clinic.desk() as desk:
        mine = desk.cases.informing(late.account_id)[0].id
    late.open_from_elsewhere("go_on_with", mine)
    late.shows("K")

    # the clinician takes over what was said
    walker.command("cases")
    walker.tap("Robin · in progress · 14 Mar 2026")
    walker.tap("Start")
    walker.until("Brainstem: what others say", "As they said", "All checked", "None of these", "All steady", "Next")
    walker.tap("One by one")
    walker.until("Diencephalon, cerebellum: what others say", "As expected for age")
    walker.tap("Confirm all")
    walker.until("Review", "As they said", "Confirm all", "As expected for age", "None of these", "All steady", "Next")
    walker.tap("Notes from others (1 new)")

    # a clinician who answers as well, and a link from every place at home
    walker.command("language")
    walker.tap("English")
    walker.command("start", invited(clinic, "Robin"))
    walker.command("start")
    walker.tap("Questions I answer")
    walker.tap("Questions 1")

    expected = wanted(INTERVIEW, OF_INTERVIEWS) | wanted(HOME, OF_HOME)
    anywhere = {(id(HOME), m.source, "go_on_with") for m in HOME.moves if m.source not in ("mine", "language")}
    expected -= anywhere  # a reminder's button works from everywhere; from two places is shown here
    names = {id(INTERVIEW): "interview", id(HOME): "home"}
    missing = sorted((names[m], s, t) for m, s, t in expected - fired)
    assert missing == [], missing
