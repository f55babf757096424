"""What clinicians changed of plans: a log beside each result, only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from flows.storage import models
from flows.storage.store import Tx


@dataclass(frozen=True, slots=True)
class StoredEdit:
    """One edit: `result` is the number it was made at, `by` the account, `body` as `scoring.edits` reads it."""

    number: int
    result: int
    at: datetime
    by: str
    body: dict[str, Any]


class Plans:
    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def log(self, case_id: str, encounter_id: str) -> list[StoredEdit]:
        """Every edit of an encounter's plans, in order."""
        rows = self._tx.session.scalars(
            select(models.PlanEdit).where(models.PlanEdit.encounter_id == encounter_id).order_by(models.PlanEdit.number)
        )
        return [
            StoredEdit(
                row.number,
                row.result,
                row.at,
                row.by,
                self._tx.unseal(case_id, row.sealed_body, "plan_edits", encounter_id, str(row.number)),
            )
            for row in rows
        ]

    def of_result(self, case_id: str, encounter_id: str, result: int) -> list[dict[str, Any]]:
        """What counts for one result: edits made at it or at an earlier one of its encounter; a later result's do not."""
        return [edit.body for edit in self.log(case_id, encounter_id) if edit.result <= result]

    def add(self, case_id: str, encounter_id: str, result: int, body: Mapping[str, Any], by: str) -> None:
        """Append an edit that an account made at a result."""
        latest = self._tx.session.scalar(
            select(func.max(models.PlanEdit.number)).where(models.PlanEdit.encounter_id == encounter_id)
        )
        self.put(case_id, encounter_id, StoredEdit((latest or 0) + 1, result, self._tx.now, by, dict(body)))

    def put(self, case_id: str, encounter_id: str, edit: StoredEdit) -> None:
        """Store an edit as it is given."""
        sealed = self._tx.seal(case_id, edit.body, "plan_edits", encounter_id, str(edit.number))
        self._tx.session.add(
            models.PlanEdit(
                encounter_id=encounter_id,
                number=edit.number,
                result=edit.result,
                at=edit.at,
                by=edit.by,
                sealed_body=sealed,
            )
        )
        self._tx.session.flush()
