"""Scoring is pure: reading, scoring and planning load no channel, no database and no drawing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

VECTOR = Path(__file__).parents[1] / "vectors" / "05-many-unknown-10y.case.json"
FORBIDDEN = (
    *("matplotlib", "numpy", "PIL", "sqlalchemy", "alembic", "sqlite3", "telegram", "aiohttp", "httpx"),
    *("transitions", "cryptography", "pydantic_settings", "platformdirs", "dotenv", "bot", "flows"),
)
IMPORTS = """
import scoring, scoring.case, scoring.compare, scoring.plan, scoring.problems, scoring.profile, scoring.result
import scoring.score, scoring.instrument, scoring.instrument.checks, scoring.instrument.model
"""
WORK = """
from pathlib import Path
from scoring.case import read_case
from scoring.compare import compare, compare_json
from scoring.instrument import load
from scoring.result import assess, profile_json
result = assess(read_case(Path(sys.argv[1]).read_bytes(), load()), load())
profile_json(result), compare_json(compare(result, result))
"""


def modules_after(code: str) -> set[str]:
    """Names of the modules loaded in a fresh interpreter once `code` has run in it."""
    program = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program, str(VECTOR)], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("code", [IMPORTS, IMPORTS + WORK], ids=["on import", "after scoring a case"])
def test_scoring_loads_neither_drawing_nor_database_nor_channel(code: str) -> None:
    loaded = modules_after(code)
    assert sorted(loaded & set(FORBIDDEN)) == []


def test_scoring_reads_neither_the_environment_nor_the_clock_nor_the_network() -> None:
    """An answer depends on the case and the instrument alone, so it is the same with all of these out of reach."""
    blocked = """
import os, random, socket, time
def gone(*args, **kwargs):
    raise AssertionError("scoring reached outside")
import scoring.result, scoring.compare, scoring.instrument, scoring.case
socket.socket = random.random = random.seed = time.time = time.time_ns = time.monotonic = gone
os.getenv = os.urandom = os.system = gone
os.environ = None
"""
    modules_after(blocked + WORK)
