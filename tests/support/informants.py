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


def tells_of_danger(clinic: Clinic, label: str, address: str = "203") -> Walker:
    """A carer who has said, and confirmed, that there is danger at home."""
    carer = begun(clinic, invited(clinic, label), address)
    answered(carer, until="right now?")
    carer.tap("Yes")
    carer.tap("Yes, it is so")
    return carer


def flags(clinic: Clinic) -> list[tuple[str, str]]:
    """Question and state of every flag of every case."""
    with clinic.desk() as desk:
        return [(f.question, f.state) for c in desk.cases.cases_of(None) for f in desk.flags.infos(c.id)]


def waiting(clinic: Clinic, walker: Walker) -> list[str]:
    """Texts of what waits to be sent to somebody, or its kind."""
    return [w.news.body.get("text", w.news.kind) for w in clinic.present.waiting_for(walker.account_id)]


def tick(clinic: Clinic) -> frozenset[str]:
    """What is due is done, by an engine that was built again; what walkers saw before may be old."""
    clinic.changes += 1
    return clinic.engine.tick()


def set_state(clinic: Clinic, name: str, state: str) -> None:
    """Suspend, remove or let in again a clinician, as the command line does."""
    with clinic.desk() as desk:
        found = desk.people.clinician_named(name)
        assert found is not None
        desk.people.set_clinician_state(found.id, state)
