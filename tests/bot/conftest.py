"""One Bot API and one `stemwise serve` for the tests that act as people with phones; each test has its own people."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.bot_api import BotApi
from support.people import Person
from support.serving import Serving

_ids = itertools.count(5001)


@pytest.fixture(scope="session")
def api() -> Iterator[BotApi]:
    with BotApi() as server:
        yield server


@pytest.fixture(scope="session")
def serving(api: BotApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with Serving(api, tmp_path_factory.mktemp("serve"), STEMWISE_COUNTRY="GB") as running:
        yield running


@pytest.fixture
def person(api: BotApi) -> Callable[..., Person]:
    """A new person with a phone."""
    return lambda name="Ann", **more: Person(api, next(_ids), name, **more)


@pytest.fixture
def clinician(serving: Serving, person: Callable[..., Person]) -> Person:
    """An enrolled clinician, at home."""
    ann = person("Ann")
    ann.say(serving.code(f"Dr {ann.user_id}"))
    ann.see("New case")
    return ann


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "own"
