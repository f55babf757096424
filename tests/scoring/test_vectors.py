"""The worked examples of the specification: each case gives its profile, and each pair its comparison."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scoring.case import read_case
from scoring.compare import compare, compare_json
from scoring.instrument import load
from scoring.result import Result, assess, profile_json
from tests.scoring import independent
from tests.scoring.independent import differences

VECTORS = Path(__file__).parents[1] / "vectors"
CASES = sorted(path.name.removesuffix(".case.json") for path in VECTORS.glob("*.case.json"))
PAIRS = sorted(path.name.removesuffix(".compare.json") for path in VECTORS.glob("*.compare.json"))


def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def result_of(name: str) -> Result:
    path = VECTORS / f"{name}.case.json"
    return assess(read_case(path.read_bytes(), load(), path.name), load())


def named(number: str) -> str:
    """The full name of the example with this number."""
    return next(name for name in CASES if name.startswith(f"{number}-"))


def test_all_the_examples_are_there() -> None:
    assert len(CASES) == 22
    assert PAIRS == ["08-to-09", "16-to-17"]
    assert {path.name.removesuffix(".profile.json") for path in VECTORS.glob("*.profile.json")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_worked_case_gives_its_profile(name: str) -> None:
    found = profile_json(result_of(name))
    assert differences(read(f"{name}.profile.json"), found) == []


@pytest.mark.parametrize("name", CASES)
def test_the_printed_profile_is_json_that_reads_back_the_same(name: str) -> None:
    found = profile_json(result_of(name))
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize("name", CASES)
def test_a_profile_names_the_sha256_of_the_instrument(name: str) -> None:
    digest = profile_json(result_of(name))["instrument"]["sha256"]
    assert re.fullmatch(r"[0-9a-f]{64}", digest)
    assert digest == load().sha256


@pytest.mark.parametrize("pair", PAIRS)
def test_a_worked_pair_gives_its_comparison(pair: str) -> None:
    before, after = (result_of(named(number)) for number in pair.split("-to-"))
    assert differences(read(f"{pair}.compare.json"), compare_json(compare(before, after))) == []


@pytest.mark.parametrize("name", CASES)
def test_the_second_implementation_gives_the_profile_too(name: str) -> None:
    assert differences(read(f"{name}.profile.json"), independent.profile(read(f"{name}.case.json"))) == []


@pytest.mark.parametrize("pair", PAIRS)
def test_the_second_implementation_gives_the_comparison_too(pair: str) -> None:
    before, after = (read(f"{named(number)}.case.json") for number in pair.split("-to-"))
    assert differences(read(f"{pair}.compare.json"), independent.compare(before, after)) == []


def test_the_example_worked_by_hand_holds() -> None:
    area = result_of(named("02")).profile.domains["relational"]
    assert area.percent is not None
    assert area.percent.limit_denominator(163) == area.percent
    assert area.percent * 163 == 100 * 100
    assert area.tier == "build_first"


def test_a_difference_is_seen_whatever_it_is() -> None:
    wanted = {"domains": {"a": {"x": 1.0, "shown": True, "names": ["p", "q"]}}}
    assert differences(wanted, {"domains": {"a": {"x": 1, "shown": True, "names": ["p", "q"], "more": 1}}}) == []
    for found in (
        {"x": 1, "shown": 1, "names": ["p", "q"]},
        {"x": 1.1, "shown": True, "names": ["p", "q"]},
        {"x": None, "shown": True, "names": ["p", "q"]},
        {"x": 1, "shown": True, "names": ["q", "p"]},
        {"x": 1, "shown": True, "names": ["p"]},
        {"shown": True, "names": ["p", "q"]},
    ):
        assert differences(wanted, {"domains": {"a": found}})
    assert differences(wanted, wanted | {"domains": wanted["domains"] | {"b": {}}})
