"""Words that are found nowhere else, and the search for them in every file and its name."""

from __future__ import annotations

import base64
import hashlib
import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from tests.proofs.door import TOKEN

#: What a button said is an answer as well.
ANSWERS = ("None of these", "As expected for age", "All steady", "About the same")
#: Tables whose sealed columns belong to a case.
SEALED = {
    "cases": ("sealed_label", "label_index", "sealed_birth"),
    "informants": ("sealed_words",),
    "interviews": ("sealed_snapshot",),
    "responses": ("sealed_body",),
    "flags": ("sealed_body", "sealed_reason"),
    "results": ("sealed_case",),
    "invitations": ("sealed_words",),
}
PIECE = 32


class Secrets:
    """What is told in one walk.

    Attributes
    ----------
    mark : stands in every word of the walk, so that one search finds them all
    """

    def __init__(self, seed: int) -> None:
        self.mark = "zq" + hashlib.sha256(str(seed).encode()).hexdigest()[:10]
        self.key = hashlib.sha256(f"key {seed}".encode()).digest()
        self.birth = f"2025-{5 + seed % 8:02}-{1 + seed % 28:02}"  # an infant's intake is short
        self._tokens: list[str] = []
        self._numbers = itertools.count(1)

    def word(self, kind: str) -> str:
        return f"{self.mark} {kind[:4]}{next(self._numbers)}"

    def keep(self, token: str) -> str:
        """A code or a link's token: told once, and kept by nobody."""
        self._tokens.append(token)
        return token

    def needles(self) -> dict[str, bytes]:
        """What is searched for, by what it is."""
        texts = {"words": self.mark, "the birth": self.birth, "the bot's token": TOKEN.partition(":")[2]}
        texts |= {f"the answer {a!r}": a for a in ANSWERS}
        texts |= {f"token {number}": token for number, token in enumerate(self._tokens)}
        texts["the key"] = base64.b64encode(self.key).decode()
        found = {name: text.encode() for name, text in texts.items()}
        found |= {f"{name} in UTF-16": text.encode("utf-16-le") for name, text in texts.items()}
        return {**found, "the key's bytes": self.key, "the words, escaped": repr(self.mark.encode())[2:-1].encode()}


def found_in(folder: Path, needles: dict[str, bytes], besides: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """File and needle, for every needle in a file or in its name; `besides` names files that may hold them."""
    for path in folder.rglob("*"):
        names = str(path.relative_to(folder)).encode()
        content = path.read_bytes() if path.is_file() and path.name not in besides else b""
        for what, needle in needles.items():
            if needle in content or needle in names:
                yield str(path.relative_to(folder)), what


def sealed_pieces(raw: sqlite3.Connection, installation: str) -> dict[str, bytes]:
    """Pieces of every sealed value of all cases and of their wrapped keys, as bytes and as a log would print them."""
    values = {
        f"{table}.{column} {row}": value
        for table, columns in SEALED.items()
        for column in columns
        for row, (value,) in enumerate(raw.execute(f"SELECT {column} FROM {table}"))
        if value
    }
    keys = raw.execute("SELECT wrapped FROM keys WHERE owner != ?", (installation,))
    values |= {f"a wrapped key {row}": value for row, (value,) in enumerate(keys)}
    pieces = {f"a piece of {name}": value[at : at + PIECE] for name, value in values.items() for at in _places(value)}
    printed = {f"{name}, printed": repr(value[:PIECE])[2:-1].encode() for name, value in values.items()}
    return {**pieces, **printed}


def _places(value: bytes) -> range:
    """Where pieces are taken from: a long value lies scattered over pages, and no part of it may be left."""
    return range(0, max(1, len(value) - PIECE + 1), 197)
