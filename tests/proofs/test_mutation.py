"""The measure of the tests is itself measured: mutants are what they say, good tests notice them, and none notice nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proofs.mutants import mutants_of
from tests.proofs.mutation import JUDGED, TESTS, Verdict, unjudged

ROOT = Path(__file__).parents[2]

EXAMPLE = '''
"""A module."""
LIMIT = 3
GROUPS = {"a": ONE, "b": TWO}


def grade(x: int, most: int = LIMIT) -> str | None:
    """Text."""
    if x > most and not x == 7:
        return "high"
    total = min(x, 2) + 1
    self.total = total
    log(total)
    return lookup[total]
'''

EXPECTED = {
    "module: 3 → 4",
    "GROUPS['a']",
    "grade: x > most → x >= most",
    "grade: x > most → x <= most",
    "grade: x > most and (not x == 7) → x > most or not x == 7",
    "grade: x > most and (not x == 7) → x > most",
    "grade: not x == 7 → x == 7",
    "grade: 7 → 8",
    "grade: 'high' → 'highx'",
    "grade: min(x, 2) → max(x, 2)",
    "grade: min(x, 2) + 1 → min(x, 2) - 1",
    "grade: self.total = total → pass",
    "grade: log(total) → pass",
    "grade: return lookup[total] → return None",
}


def test_a_mutant_is_one_small_change_that_can_be_told_apart_and_run() -> None:
    names = [m.name for m in mutants_of(ast.parse(EXAMPLE))]
    assert len(set(names)) == len(names)
    assert {e for e in EXPECTED if not any(e in n for n in names)} <= {"GROUPS['a']"}
    assert "['a']: ONE → TWO" in names
    assert not any("Text." in n or "A module" in n or "int" in n.split(": ", 1)[1][:4] for n in names)
    for number in range(len(names)):
        tree = ast.parse(EXAMPLE)
        before = ast.unparse(tree)
        mutants_of(tree)[number].apply()
        assert ast.unparse(tree) != before, names[number]
        compile(tree, "example", "exec")


@pytest.mark.parametrize("path", sorted(TESTS))
def test_a_mutant_of_a_measured_module_can_be_compiled(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    count = len(mutants_of(ast.parse(text)))
    assert count > 40
    for number in range(0, count, max(1, count // 15)):
        tree = ast.parse(text)
        mutants_of(tree)[number].apply()
        compile(tree, path, "exec")


def run(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.proofs.mutation", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("path", ["flows/access.py", "flows/storage/invitations.py", "flows/storage/mail.py"])
def test_a_share_of_the_mutants_is_noticed_or_judged(path: str) -> None:
    """By the module's own rules alone, which are quick; the whole run has the walks too."""
    code, said = run("--module", path, "--share", "8", "--seed", "1", "--against", TESTS[path][0])
    assert code == 0, said


def test_tests_that_check_nothing_notice_no_mutant() -> None:
    """The negative control: the same mutants against tests of something else survive, and the run fails."""
    code, said = run("--module", "flows/access.py", "--share", "3", "--against", "tests/flows/test_dates.py")
    assert code == 1
    assert "0 of 3 noticed" in said


def test_a_survivor_must_be_judged_under_its_own_module() -> None:
    alive = {"f: a → b": Verdict("f: a → b", 3, "survived")}
    page = "## `x.py`\n\n- `f: a → b`: changes nothing\n\n## `y.py`\n\nNone.\n"
    assert unjudged("x.py", alive, page) == []
    assert unjudged("y.py", alive, page) == list(alive.values())
    assert unjudged("x.py", {"g": Verdict("g", 1, "killed", "t")}, page) == []


def test_every_measured_module_stands_in_the_page_of_judgements() -> None:
    page = JUDGED.read_text("utf-8")
    assert all(f"## `{path}`" in page for path in TESTS)
