"""Inviting and answering in a clinic under test."""

from __future__ import annotations

from support.walker import Clinic, Walker

CALM = ("About the same", "None of these", "All of these, nearly always", "No", "Next")


def invited(clinic: Clinic, label: str, role: str = "carer", **words: str) -> str:
    """A token for the case under a label, which is made where there is none."""
    with clinic.desk() as desk:
        case = next(c for c in desk.cases.cases_of(None) if c.label == label)
        said = {"relation": "", "responsible": "not_known", "must_not_learn": "", **words}
        return desk.invite(case.id, role, said)[0]


def opened(clinic: Clinic, token: str, address: str) -> Walker:
    """Somebody who opens a link on their own phone."""
    walker = clinic.stranger(address)
    walker.command("start", token)
    walker.shows("Before you begin")
    return walker


def begun(clinic: Clinic, token: str, address: str, *, alone: str = "Yes") -> Walker:
    """A carer who has agreed and said who they are."""
    walker = opened(clinic, token, address)
    walker.tap("I agree")
    walker.type("K")
    walker.tap("Parent")
    walker.tap("Yes")
    walker.tap("Since the start")
    return walker


def answered(walker: Walker, *, until: str = "A last look") -> None:
    """Answer calmly up to a heading."""
    for _ in range(120):
        if until in walker.text:
            return
        if "answer alone" in walker.text:
            walker.tap("Yes")
            continue
        words = next(w for w in CALM if walker.has(w))
        walker.tap(words)
    raise AssertionError(f"never came to {until!r}")
