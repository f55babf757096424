"""The machines as diagrams, drawn from the very tables they run on, so that a picture in the docs cannot lie.

`python -m flows.machine_picture > docs/machines.md` writes the page; a test fails while the page is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from flows.machines import HOME, INTERVIEW, Conversations

TITLE = "# The two machines"
INTRODUCTION = """\
An account is at an interview or at home, never at both. Each kind of conversation has one machine, shared by all
conversations; the state is kept in the store and read back in each turn.

This page is written by `python -m flows.machine_picture > docs/machines.md` from the tables in `flows/machines.py`. Do not
edit it by hand. An arrow names the triggers that can lead from one state to another. Whether one does lead there is decided
by its guards, which are pure functions; where several moves share a trigger, they are tried in the order of the table.
Triggers that stay in a state are listed below each diagram, to keep the arrows readable."""
ABOUT = {
    "interview": (
        "## An interview",
        "States are stages, not questions: which screen comes next inside a stage is data (age, informant, what is answered).\n"
        "A clinician's interview starts in `history`, with the facts; everybody else's starts in `consent`.",
    ),
    "home": (
        "## The home",
        "Where somebody stands outside an interview: a clinician with cases, results, invitations and flags, an informant with\n"
        "their questionnaires, or a stranger, whom only a code or an invitation lets in. To keep the picture readable, triggers\n"
        "that lead to one and the same state from at least ten others are drawn once, from `any`, and listed under it.",
    ),
}
#: From so many states at least, a trigger to one state is drawn once, from `any`.
FROM_ANY = 10
ANY = "any"


def edges_of(machine: Conversations) -> dict[tuple[str, str], list[str]]:
    """Triggers by source and destination, each once, in the order of the table; a state that stays is its own destination."""
    found: dict[tuple[str, str], list[str]] = {}
    for move in machine.moves:
        triggers = found.setdefault((move.source, move.dest or move.source), [])
        if move.trigger not in triggers:
            triggers.append(move.trigger)
    return found


def _gathered(edges: dict[tuple[str, str], list[str]], from_any: int | None) -> dict[tuple[str, str], list[str]]:
    """The edges between two states, those that come from nearly everywhere gathered under one source."""
    moving = {pair: triggers for pair, triggers in edges.items() if pair[0] != pair[1]}
    if from_any is None:
        return moving
    sources: dict[tuple[str, str], list[str]] = {}
    for (source, dest), triggers in moving.items():
        for trigger in triggers:
            sources.setdefault((trigger, dest), []).append(source)
    common = {key for key, found in sources.items() if len(found) >= from_any}
    gathered: dict[tuple[str, str], list[str]] = {}
    for dest, trigger in sorted((dest, trigger) for trigger, dest in common):
        gathered.setdefault((ANY, dest), []).append(trigger)
    for (source, dest), triggers in moving.items():
        if single := [t for t in triggers if (t, dest) not in common]:
            gathered[source, dest] = single
    return gathered


def _sources_of_any(machine: Conversations, from_any: int) -> list[str]:
    """For each trigger that is drawn from `any`: the states it really leads from, or those it does not, if they are fewer."""
    sources: dict[tuple[str, str], list[str]] = {}
    for (source, dest), triggers in edges_of(machine).items():
        for trigger in triggers if source != dest else ():
            sources.setdefault((dest, trigger), []).append(source)
    lines = []
    for (dest, trigger), found in sorted(sources.items()):
        if len(found) >= from_any:
            others = [s for s in machine.machine.states if s not in (*found, dest)]
            but = f"every other state but {_in_code(others)}" if others else "every other state"
            lines.append(f"- `{trigger}` to `{dest}`: from {but if len(others) < len(found) else _in_code(found)}")
    return lines


def _in_code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def diagram(machine: Conversations, starts: Iterable[str], from_any: int | None = None) -> list[str]:
    """A Mermaid state diagram as lines.

    Parameters
    ----------
    starts : states in which a conversation can begin
    from_any : from so many states at least a trigger is drawn once, from `any`; `None` draws every arrow
    """
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {state}" for state in starts]
    for (source, dest), triggers in _gathered(edges_of(machine), from_any).items():
        lines.append(f"    {source} --> {dest}: {', '.join(triggers)}")
    lines.append("```")
    return lines


def _staying(machine: Conversations) -> list[str]:
    """The triggers that stay in a state; states with the very same ones share a line."""
    by_triggers: dict[tuple[str, ...], list[str]] = {}
    for (source, dest), triggers in edges_of(machine).items():
        if source == dest:
            by_triggers.setdefault(tuple(triggers), []).append(source)
    return [f"- {_in_code(states)}: {_in_code(triggers)}" for triggers, states in by_triggers.items()]


def page() -> str:
    """The whole of docs/machines.md."""
    lines = [TITLE, "", INTRODUCTION]
    for name, machine, starts, from_any in (
        ("interview", INTERVIEW, ("history", "consent"), None),
        ("home", HOME, ("stranger", "home"), FROM_ANY),
    ):
        heading, about = ABOUT[name]
        lines += ["", heading, "", about, "", *diagram(machine, starts, from_any)]
        if from_any is not None:
            lines += ["", "Drawn from `any`:", "", *_sources_of_any(machine, from_any)]
        lines += ["", "Staying where one is:", "", *_staying(machine)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
