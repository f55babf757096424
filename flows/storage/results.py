"""What results were made from: the case of each, kept as it was; scores are worked out anew when they are wanted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from flows.storage import models
from flows.storage.store import Tx


class Results:
    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def count(self, encounter_id: str) -> int:
        made = select(func.count()).select_from(models.Result).where(models.Result.encounter_id == encounter_id)
        return self._tx.session.scalar(made) or 0

    def add(self, case_id: str, encounter_id: str, content: dict[str, Any], version: str, sha256: str) -> int:
        """Keep what a result is made from; returns its number within the encounter."""
        number = self.count(encounter_id) + 1
        self._tx.session.add(
            models.Result(
                encounter_id=encounter_id,
                number=number,
                instrument_version=version,
                instrument_sha256=sha256,
                sealed_case=self._tx.seal(case_id, content, "results", encounter_id, str(number)),
                made_at=self._tx.now,
            )
        )
        self._tx.session.flush()
        return number

    def content(self, case_id: str, encounter_id: str, number: int) -> dict[str, Any]:
        """The case a result was made from."""
        row = self._tx.session.get_one(models.Result, (encounter_id, number))
        content: dict[str, Any] = self._tx.unseal(case_id, row.sealed_case, "results", encounter_id, str(number))
        return content
