"""What is said before anything of a case leaves the clinic: who holds responsibility, and who must not learn of the visit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flows.desk import Desk
from flows.inviting_moves import ROLES
from scoring.documents.blocks import Block, Bullets, Paragraph

NOTHING_RECORDED = "Nothing is recorded of who holds responsibility."
ON_THE_WAY = "Think of who could see it on the way, and who must not learn of the visit."
RESPONSIBLE = {"yes": "holds parental responsibility", "no": "does not hold parental responsibility"}


def before_it_leaves(desk: Desk, case_id: str) -> tuple[Block, ...]:
    """What is recorded of who holds responsibility and who must not learn of it, each line once, and what to think of."""
    lines = dict.fromkeys(line for role, words in _recorded(desk, case_id) for line in _lines(role, words))
    recorded = Bullets(tuple(lines)) if lines else Paragraph(NOTHING_RECORDED)
    return recorded, Paragraph(ON_THE_WAY, "small")


def _recorded(desk: Desk, case_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Role and words of everybody who was invited or has answered; an imported case brings its informants, but no invitation."""
    invitations = desk.invitations.of_case(case_id)
    yield from ((info.role, info.words) for info in invitations)
    let_in = {info.informant_id for info in invitations}
    for encounter in desk.cases.encounters(case_id):
        for info in desk.cases.interviews(encounter.id):
            if info.role != "clinician" and info.informant_id not in let_in:
                yield info.role, desk.cases.informant_words(case_id, info.informant_id)


def _lines(role: str, words: dict[str, Any]) -> Iterator[str]:
    who = str(words.get("relation") or ROLES[role])
    yield f"{who}: {RESPONSIBLE.get(str(words.get('responsible')), 'responsibility not known')}"
    if words.get("must_not_learn"):
        yield f"Must not learn of it: {words['must_not_learn']}"
