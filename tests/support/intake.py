"""Walking an intake or a questionnaire by the buttons that stand on a phone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from support.people import Person

#: What somebody taps who wants to be through: the first of these that stands there.
TYPICAL = ("As expected for age", "None of these", "All steady", "All checked", "Confirm all", "As they said", "Next")


def new_case(person: Person, label: str, born: str = "2018-03-14") -> None:
    """From home to the screen that offers Start now."""
    person.tap("New case", within=10)
    wait_for(person, "Type a label")
    person.say(label)
    wait_for(person, "date of birth")
    person.say(born)
    person.see("Start now")


def wait_for(person: Person, words: str) -> None:
    person.wait_until(lambda: words in screen(person), 15, f"a screen with {words!r}")


def screen(person: Person) -> str:
    """What the live message says; empty where there is none yet."""
    return shown(person)[0]


def shown(person: Person) -> tuple[str, list[str]]:
    """Words and buttons of the live message, read together."""
    messages = person.messages()
    message = person.live() or (messages[-1] if messages else None)
    return (message.text or "", message.labels()) if message else ("", [])


Choose = Callable[[str, list[str]], str | None]


def tap_through(person: Person, until: str, choices: Sequence[str] = TYPICAL, choose: Choose | None = None) -> int:
    """Tap until a button reads `until`; how many taps. `choose` may pick a button of its own from words and buttons."""
    taps = 0
    while until not in (before := shown(person))[1]:
        wanted = choose(*before) if choose else None
        wanted = wanted or next((w for w in choices if w in before[1]), None)
        assert wanted is not None, f"nothing to tap on {before}"
        person.tap(wanted)
        taps += 1
        person.wait_until(lambda b=before: shown(person) != b, 15, f"an answer to {wanted}")
    return taps
