"""Facts about the installation: the bot's name, when a backup was last proven. No person's data."""

from __future__ import annotations

from flows.storage import models
from flows.storage.store import Tx


class Installation:
    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, name: str) -> str | None:
        row = self._tx.session.get(models.Installation, name)
        return None if row is None else row.value

    def set(self, name: str, value: str) -> None:
        row = self._tx.session.get(models.Installation, name)
        if row is None:
            self._tx.session.add(models.Installation(name=name, value=value))
        else:
            row.value = value
