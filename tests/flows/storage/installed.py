"""One installation as the command line sees it, on the folder in which a `Clinic` walks."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from support.walker import Clinic, Walker

from bot.cli import main
from flows.storage.keys import HEADER, MasterKey
from flows.storage.store import Store


def write_key(path: Path, secret: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(f"{HEADER} {base64.b64encode(secret).decode()}\n")
    path.chmod(0o600)


class ServerClinic(Clinic):
    """A clinic whose database is at an address of its own."""

    def __init__(self, folder: Path, url: str, **parts: object) -> None:
        self.url = url
        super().__init__(folder, **parts)  # type: ignore[arg-type]

    def _opened(self) -> Store:
        return Store(self.url, self.master, self.clock)


class Installed:
    """Settings and key file around a clinic's folder.

    Parameters
    ----------
    folder : becomes `HOME`
    secret : what stands in the key file
    """

    def __init__(self, folder: Path, *, secret: bytes = b"k" * 32, **settings: str) -> None:
        self.home = folder
        self.key_file = folder.parent / f"{folder.name}-config" / "key"
        self.settings = settings
        write_key(self.key_file, secret)

    @property
    def master(self) -> MasterKey:
        from flows.storage.keys import read_key_file

        return read_key_file(self.key_file)

    @contextmanager
    def environment(self, **more: str) -> Iterator[None]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("STEMWISE_")}
        ours = {"STEMWISE_HOME": str(self.home), "STEMWISE_KEY_FILE": str(self.key_file), "STEMWISE_TIMEZONE": "UTC"}
        with patch.dict(os.environ, {**clean, **ours, **self.settings, **more}, clear=True):
            yield

    def run(self, *arguments: str, **more: str) -> int:
        """Run a command of the program; its exit code."""
        with self.environment(**more):
            return main(arguments)


WAYS_ON = ("None of these", "All steady", "As expected for age", "All checked", "Next")


def begin_intake(clinic: Clinic, taps: int = 6) -> Walker:
    """A clinician in the middle of an interview about Robin."""
    walker = clinic.clinician()
    walker.new_case("Robin")
    for _ in range(taps):
        walker.tap(next(words for words in WAYS_ON if walker.has(words)))
    return walker
