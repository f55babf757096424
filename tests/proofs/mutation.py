"""What the tests of a module are worth: how many small wrong changes of it they notice.

Run from the top folder: `python -m tests.proofs.mutation --module scoring/score.py`. The tests of the module are collected once; each
mutant (`mutants.py`) then gets a forked process of its own, in which the code of the module is exchanged and the tests run until one
fails. A survivor is a mutant that no test noticed: either it changes nothing that can be seen, or a test is missing.
`docs/mutation.md` lists the survivors with that judgement.

Options: `--share 20 --seed 1` tries 20 mutants drawn at random; `--seconds 280` stops in time, and with `--results FILE` a
second run goes on from there; `--again` tries the survivors in that file once more. It ends with 1 when the score is
under 90 % or a survivor is not judged.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import signal
import sys
import time
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.proofs.mutants import Mutant, mutants_of

ROOT = Path(__file__).parents[2]
JUDGED = ROOT / "docs" / "mutation.md"
WANTED = 0.90
#: How long the tests may take on a mutant, as a multiple of what they take on the true code, and at least.
PATIENCE, LEAST_S = 5, 20
#: Examples of a generated test: enough here, where the seeded ones do the work.
EXAMPLES = 10
PACKAGES = ("bot", "flows", "scoring", "tests", "support")

_SCORING = (
    "tests/scoring/test_score_rules.py",
    "tests/scoring/test_plan_rules.py",
    "tests/scoring/test_plan_edits.py",
    "tests/scoring/test_vectors.py",
    "tests/scoring/test_independent.py",
    "tests/scoring/test_properties.py",
)
#: The tests that each module is measured by, those that fail soonest first; not there yet is left out.
TESTS: Mapping[str, Sequence[str]] = {
    "scoring/score.py": _SCORING,
    "scoring/plan.py": _SCORING,
    "flows/access.py": ("tests/flows/test_access_rules.py", "tests/flows/test_access.py"),
    "flows/storage/invitations.py": (
        "tests/flows/storage/test_invitations.py",
        "tests/flows/test_questionnaires.py",
        "tests/flows/test_time.py",
    ),
    "flows/storage/mail.py": (
        "tests/flows/storage/test_mail.py",
        "tests/flows/test_engine.py",
        "tests/flows/test_time.py",
        "tests/flows/storage/test_backup.py::test_an_event_taken_before_the_backup_is_not_taken_again_after_the_restore",
    ),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one mutant: `killed`, `too slow` (which is noticed as well) or `survived`; `by` is the test that saw it."""

    name: str
    line: int
    outcome: str
    by: str = ""

    @property
    def is_noticed(self) -> bool:
        return self.outcome != "survived"


# --- one mutant in a process of its own ---


def exchange(module: types.ModuleType, tree: ast.Module) -> None:
    """Let a module that was imported already, also by name into others, behave as `tree` says."""
    made: dict[str, Any] = {k: v for k, v in vars(module).items() if k.startswith("__")}
    exec(compile(tree, str(module.__file__), "exec"), made)
    for name, new in made.items():
        if not name.startswith("__"):
            _put(module, name, vars(module).get(name), new)


def _put(module: types.ModuleType, name: str, old: Any, new: Any) -> None:
    if new is old:
        return
    if isinstance(new, type) and new.__module__ == module.__name__:
        _put_methods(module, old, new)
    elif isinstance(new, types.FunctionType):
        if new.__module__ == module.__name__:
            _put_code(old, new)
    elif isinstance(new, dict) and isinstance(old, dict):
        old.clear()
        old.update(new)
    elif not isinstance(new, types.ModuleType) and old != new:
        for other in [m for n, m in sys.modules.items() if n.partition(".")[0] in PACKAGES]:
            if vars(other).get(name) is old:
                setattr(other, name, new)


def _put_methods(module: types.ModuleType, old: type, new: type) -> None:
    for name, method in vars(new).items():
        before = vars(old).get(name)
        for part in ("fget", "__func__", "__wrapped__"):
            if hasattr(method, part) and hasattr(before, part):
                before, method = getattr(before, part), getattr(method, part)
        if isinstance(method, types.FunctionType) and method.__code__.co_filename == module.__file__:
            _put_code(before, method)


def _put_code(old: Any, new: types.FunctionType) -> None:
    while hasattr(new, "__wrapped__"):
        old, new = old.__wrapped__, new.__wrapped__
    old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__


class Rounds:
    """A plugin that runs the collected tests once for each mutant, each time in a forked process.

    Parameters
    ----------
    path : the module's file, from the top folder
    share, seed : how many mutants, drawn how; all of them without a share
    done : what is known from an earlier run and not tried again
    seconds : when to stop
    """

    def __init__(
        self,
        path: str,
        *,
        share: int | None,
        seed: int,
        done: Mapping[str, Verdict],
        seconds: float,
        changes: bool = True,
    ) -> None:
        self._path, self._share, self._seed = path, share, seed
        self._ends = time.monotonic() + seconds
        self._limit_s = 600
        self._items: list[pytest.Item] = []
        self.verdicts: dict[str, Verdict] = dict(done)
        self.left = 0

    def pytest_collection(self) -> None:
        from hypothesis import settings

        settings.register_profile("mutants", settings(), max_examples=EXAMPLES)
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise pytest.UsageError("the tests cannot be collected")
        self._items = list(session.items)
        self._run_on_the_true_code(session)
        for mutant in self._chosen():
            if time.monotonic() > self._ends:
                self.left += 1
            elif mutant.name not in self.verdicts:
                self.verdicts[mutant.name] = self._tried(session, mutant)
        return True

    def _tree(self) -> ast.Module:
        return ast.parse((ROOT / self._path).read_text("utf-8"))

    def _chosen(self) -> list[Mutant]:
        every = mutants_of(self._tree())
        if self._share is None or self._share >= len(every):
            return every
        return sorted(random.Random(self._seed).sample(every, self._share), key=lambda m: m.line)

    def _run_on_the_true_code(self, session: pytest.Session) -> None:
        """Tests that fail where the code was exchanged for itself could not speak against a mutant; their time counts too."""
        start = time.monotonic()
        outcome, by = self._forked(session, None)
        if outcome != "survived":
            raise pytest.UsageError(f"the tests do not pass on the true code: {outcome} {by}")
        self._limit_s = max(LEAST_S, int(PATIENCE * (time.monotonic() - start)))

    def _tried(self, session: pytest.Session, mutant: Mutant) -> Verdict:
        outcome, by = self._forked(session, mutant)
        for at, item in enumerate(self._items):  # what saw this one may well see the next
            if item.nodeid == by:
                self._items.insert(0, self._items.pop(at))
                break
        print(f"{outcome:9} {self._path}:{mutant.line} {mutant.name}", flush=True)  # noqa: T201
        return Verdict(mutant.name, mutant.line, outcome, by)

    def _forked(self, session: pytest.Session, mutant: Mutant | None) -> tuple[str, str]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._in_child(session, mutant, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            by = pipe.read().decode()
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return ("too slow" if os.WTERMSIG(status) == signal.SIGALRM else "killed"), by
        return ("survived" if os.WEXITSTATUS(status) == 0 else "killed"), by

    def _in_child(self, session: pytest.Session, mutant: Mutant | None, report: int) -> None:
        """Run the tests until one fails; this process ends here."""
        code = 1
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(self._limit_s)
            self._exchange(mutant)
            for at, item in enumerate(self._items):
                after = self._items[at + 1] if at + 1 < len(self._items) else None
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                if session.testsfailed:
                    os.write(report, item.nodeid.encode())
                    break
            else:
                code = 0
        finally:
            os._exit(code)

    def _exchange(self, mutant: Mutant | None) -> None:
        tree = self._tree()
        if mutant is not None:
            next(m for m in mutants_of(tree) if m.name == mutant.name).apply()
        exchange(import_module(self._path.removesuffix(".py").replace("/", ".")), tree)


# --- the command ---


def measure(path: str, tests: Sequence[str], **options: Any) -> Rounds:
    """Try mutants of one module against some tests."""
    rounds = Rounds(path, **options)
    there = [t for t in tests if (ROOT / t.partition("::")[0]).exists()]
    quiet = [
        "-q",
        "-q",
        "--no-header",
        "--no-summary",
        "-s",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-m",
        "not slow",
    ]
    code = pytest.main(
        [*quiet, "-o", "addopts=", "--rootdir", str(ROOT), *[str(ROOT / t) for t in there]], plugins=[rounds]
    )
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SystemExit(f"{path}: the tests could not be run (pytest: {code})")
    return rounds


def survivors(verdicts: Mapping[str, Verdict]) -> list[Verdict]:
    return [v for v in verdicts.values() if not v.is_noticed]


def unjudged(path: str, verdicts: Mapping[str, Verdict], page: str) -> list[Verdict]:
    """Survivors that stand in no judgement of the page."""
    return [v for v in survivors(verdicts) if f"`{v.name}`" not in _part(page, path)]


def _part(page: str, path: str) -> str:
    """What the page says about one module."""
    _, _, after = page.partition(f"## `{path}`")
    return after.partition("\n## ")[0]


def _read(path: Path | None) -> Iterator[Verdict]:
    if path is not None and path.exists():
        yield from (Verdict(**entry) for entry in json.loads(path.read_text("utf-8")))


def main() -> int:
    parser = argparse.ArgumentParser(description="How many small wrong changes of a module its tests notice.")
    parser.add_argument("--module", choices=sorted(TESTS), required=True)
    parser.add_argument("--against", nargs="+", metavar="TESTS", help="other tests than those of the module")
    parser.add_argument("--share", type=int, help="try only so many mutants, drawn at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--results", type=Path, help="keep the verdicts there, and go on from them")
    parser.add_argument("--again", action="store_true", help="try the survivors in that file once more")
    options = parser.parse_args()
    done = {v.name: v for v in _read(options.results) if v.is_noticed or not options.again}
    path: str = options.module
    rounds = measure(
        path, options.against or TESTS[path], share=options.share, seed=options.seed, done=done, seconds=options.seconds
    )
    if options.results:
        entries = [{"name": v.name, "line": v.line, "outcome": v.outcome, "by": v.by} for v in rounds.verdicts.values()]
        options.results.write_text(json.dumps(entries, ensure_ascii=False, indent=0), "utf-8")
    return report(path, rounds)


def report(path: str, rounds: Rounds) -> int:
    """Print score and survivors; the exit code."""
    verdicts = rounds.verdicts
    if not verdicts:
        print("no mutant was tried")  # noqa: T201
        return 1
    alive = survivors(verdicts)
    score = 1 - len(alive) / len(verdicts)
    open_ones = unjudged(path, verdicts, JUDGED.read_text("utf-8") if JUDGED.exists() else "")
    print(f"{path}: {len(verdicts) - len(alive)} of {len(verdicts)} noticed, {score:.1%}; {rounds.left} not tried")  # noqa: T201
    for verdict in alive:
        print(f"survived{' ' if verdict not in open_ones else ', not judged:'} {path}:{verdict.line} {verdict.name}")  # noqa: T201
    return 0 if score >= WANTED and not open_ones and not rounds.left else 1


if __name__ == "__main__":
    sys.exit(main())
