"""Wrong content, collected: where it stands, what is wrong, what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a file; `place` names the field as a dotted path, empty for the file as a whole."""

    file: str
    place: str
    message: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.place}" if self.place else self.file
        return f"{where}: {self.message} ({self.remedy})"


class ContentError(ValueError):
    """A file that cannot be used; `problems` holds everything found, in the order found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        if not self.problems:
            raise ValueError("a ContentError needs at least one problem")
        super().__init__(str(self.problems[0]))
