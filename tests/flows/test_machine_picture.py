"""The diagrams in the docs are those of the machines that run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.machine_picture import ANY, FROM_ANY, diagram, edges_of, page
from flows.machines import HOME, INTERVIEW, Conversations

PAGE = Path(__file__).parents[2] / "docs" / "machines.md"
ARROW = re.compile(r"    (\S+) --> (\w+): (.+)")


def test_the_page_is_what_the_machines_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m flows.machine_picture > docs/machines.md"


@pytest.mark.parametrize("machine", [INTERVIEW, HOME])
def test_every_move_between_two_states_is_drawn_once(machine: Conversations) -> None:
    """One line for two states, with every trigger that can lead from the one to the other."""
    lines = [m.groups() for line in diagram(machine, ()) if (m := ARROW.match(line))]
    drawn = {(source, dest): set(triggers.split(", ")) for source, dest, triggers in lines}
    moved = {pair: set(triggers) for pair, triggers in edges_of(machine).items() if pair[0] != pair[1]}
    assert len(lines) == len(drawn)
    assert drawn == moved


def test_gathering_arrows_loses_no_move() -> None:
    drawn = {
        (trigger, dest)
        for line in diagram(HOME, (), FROM_ANY)
        if (m := ARROW.match(line))
        for dest, trigger in [(m[2], t) for t in m[3].split(", ")]
    }
    assert drawn == {(m.trigger, m.dest) for m in HOME.moves if m.dest not in (None, m.source)}
    gathered = {
        (t, m[2])
        for line in diagram(HOME, (), FROM_ANY)
        if (m := ARROW.match(line)) and m[1] == ANY
        for t in m[3].split(", ")
    }
    for trigger, dest in gathered:
        assert f"- `{trigger}` to `{dest}`: from " in page()


@pytest.mark.parametrize("machine", [INTERVIEW, HOME])
def test_no_state_is_without_a_way_on_or_without_a_way_in(machine: Conversations) -> None:
    """Only an end has no way out, and everything but a start can be reached."""
    moving = [pair for pair in edges_of(machine) if pair[0] != pair[1]]
    states = set(machine.machine.states)
    assert states - {source for source, _ in moving} <= {"withdrawn"}
    assert states - {dest for _, dest in moving} <= {"consent", "stranger"}
