"""What is said before anything of a case leaves the clinic: who holds responsibility, and who must not learn of the visit."""

from __future__ import annotations

from flows.desk import Desk
from flows.inviting_moves import ROLES
from scoring.documents.blocks import Block, Bullets, Paragraph

NOTHING_RECORDED = "Nothing is recorded of who holds responsibility."
ON_THE_WAY = "Think of who could see it on the way, and who must not learn of the visit."
RESPONSIBLE = {"yes": "holds parental responsibility", "no": "does not hold parental responsibility"}


def before_it_leaves(desk: Desk, case_id: str) -> tuple[Block, ...]:
    """What was said with each invitation of who holds responsibility and who must not learn of it, and what to think of."""
    lines = []
    for info in desk.invitations.of_case(case_id):
        who = str(info.words.get("relation") or ROLES[info.role])
        lines.append(f"{who}: {RESPONSIBLE.get(str(info.words.get('responsible')), 'responsibility not known')}")
        if info.words.get("must_not_learn"):
            lines.append(f"Must not learn of it: {info.words['must_not_learn']}")
    recorded = Bullets(tuple(lines)) if lines else Paragraph(NOTHING_RECORDED)
    return recorded, Paragraph(ON_THE_WAY, "small")
