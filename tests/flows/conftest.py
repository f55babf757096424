"""One installation a test, in memory where the system has a place for that, so that honest commits stay quick."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.walker import Clinic, Walker

QUICK = Path("/dev/shm")


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder for a database, gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="stemwise-test-", dir=QUICK if QUICK.is_dir() else None))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def make_clinic(folder: Path) -> Iterator[Callable[..., Clinic]]:
    """Makes installations, each in a folder of its own."""
    made: list[Clinic] = []

    def make(**parts: Any) -> Clinic:
        place = folder / str(len(made))
        place.mkdir()
        made.append(Clinic(place, **parts))
        return made[-1]

    yield make
    for clinic in made:
        clinic.close()


@pytest.fixture
def clinic(make_clinic: Callable[..., Clinic]) -> Clinic:
    """An installation whose engine is built again from the file before every turn."""
    return make_clinic()


@pytest.fixture
def walker(clinic: Clinic) -> Walker:
    """An enrolled clinician at home."""
    return clinic.clinician()
