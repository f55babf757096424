"""The examples in docstrings run as they stand, and every module can be imported on its own."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot
import flows
import scoring

#: Modules that only their own program may import, each with the reason.
LEFT_OUT = {
    "bot.__main__": "it starts the command line when it is imported",
    "flows.storage.migrations.env": "alembic runs it, with a configuration of its own",
}


def modules() -> Iterator[str]:
    for package in (bot, flows, scoring):
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name not in LEFT_OUT and ".migrations.versions" not in found.name:
                yield found.name


@pytest.mark.parametrize("name", sorted(set(modules())))
def test_the_examples_of_a_module_run_as_they_stand(name: str) -> None:
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS, verbose=False)
    assert failed == 0, "the report stands in the captured output"


@pytest.mark.parametrize("name", sorted(n for n in set(modules()) if n.split(".")[0] == "scoring"))
def test_every_example_of_scoring_is_one_that_is_run(name: str) -> None:
    """A `>>>` in a docstring that doctest would not collect is an example that nobody runs."""
    module = importlib.import_module(name)
    collected = sum(len(t.examples) for t in doctest.DocTestFinder().find(module))
    assert module.__file__ is not None
    written = sum(line.lstrip().startswith(">>> ") for line in Path(module.__file__).read_text("utf-8").splitlines())
    assert collected == written
