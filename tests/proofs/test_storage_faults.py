"""The storage or the Bot API is at fault: a clear line, nothing lost, and on it goes once it is mended.

Commands end with exit 1 and one line; a chat is told that its tap is being tried again, and gets its answer when it can.
"""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from support.bot_api import BotApi
from support.intake import new_case, screen, tap_through, wait_for
from support.people import Person
from support.serving import Serving

from .lives import Lives

TRYING_AGAIN = "being tried again; nothing is lost"


# --- files that are broken -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a fictional case in it."""
    folder = tmp_path_factory.mktemp("whole")
    serving = Serving(BotApi(), folder)
    serving.command("clinician", "add", "Dr Sample")
    answers = "New case\nRobin\n2018-03-14\nStart now\nEnglish\nAll checked\nNone of these\n"
    subprocess.run(
        [sys.executable, "-m", "bot", "chat"],
        env=serving.environment,
        cwd=folder,
        input=answers,
        text=True,
        check=True,
        capture_output=True,
        timeout=60,
    )
    return folder


@pytest.fixture
def installed(whole: Path, tmp_path: Path) -> Serving:
    """A copy of it, to be broken."""
    shutil.copytree(whole, tmp_path / "own")
    return Serving(BotApi(), tmp_path / "own")


def database(serving: Serving) -> Path:
    return serving.folder / "home" / "stemwise.db"


def no_database(path: Path) -> None:
    path.write_bytes(b"This is a letter and no database.\n" * 400)


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 3)


def written_over(path: Path) -> None:
    """Every page after the first two is noise."""
    content = path.read_bytes()
    path.write_bytes(content[:8192] + bytes(range(256)) * ((len(content) - 8192) // 256))


def ends_in_one_line(run: subprocess.CompletedProcess[str], *pieces: str) -> None:
    """Exit 1 and one clear line, without a trace."""
    assert run.returncode == 1, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    lines = [line for line in run.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, run.stderr
    for piece in pieces:
        assert piece in lines[0]


@pytest.mark.parametrize("breaks", [no_database, cut_short, written_over])
@pytest.mark.parametrize("command", [("cases",), ("clinician", "add", "Dr Other"), ("serve",)], ids=lambda c: c[0])
def test_a_broken_file_ends_a_command_with_one_line(
    installed: Serving, breaks: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    breaks(database(installed))
    broken = database(installed).read_bytes()
    ends_in_one_line(installed.command(*command, check=False), "the database cannot be used", "stemwise doctor")
    assert database(installed).read_bytes() == broken, "a file that cannot be read is left as it is"


@pytest.mark.parametrize("breaks", [no_database, cut_short, written_over])
@pytest.mark.parametrize("command", [("db", "check"), ("doctor",)], ids=" ".join)
def test_a_check_names_a_broken_file(
    installed: Serving, breaks: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    breaks(database(installed))
    run = installed.command(*command, check=False)
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert any(line.startswith(("database:", "integrity:")) and "→" in line for line in run.stderr.splitlines())


def test_a_copy_put_back_goes_on(installed: Serving) -> None:
    kept = database(installed).read_bytes()
    no_database(database(installed))
    installed.command("cases", check=False)
    database(installed).write_bytes(kept)
    assert "Robin" in installed.command("cases").stdout
    assert installed.command("db", "check").returncode == 0


@pytest.mark.slow  # it waits as long as a command does
def test_a_locked_database_is_named_and_nothing_is_changed(installed: Serving) -> None:
    with closing(sqlite3.connect(database(installed), isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        ends_in_one_line(installed.command("clinician", "add", "Dr Other", check=False), "locked")
        holder.execute("ROLLBACK")
    assert "Dr Other" not in installed.command("clinician", "list").stdout
    installed.command("clinician", "add", "Dr Other")


def bound_by_rights() -> list[str]:
    """A beginning of a command that rights bind, root or not."""
    if os.getuid() != 0:
        return []
    bound = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    if not shutil.which("setpriv") or subprocess.run([*bound, "true"], capture_output=True).returncode != 0:
        pytest.skip("root is bound by no rights, and setpriv cannot bind it here")
    return bound


def test_a_folder_that_may_not_be_written_is_named(installed: Serving) -> None:
    def bound(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*bound_by_rights(), sys.executable, "-m", "bot", *arguments]
        return subprocess.run(
            command, env=installed.environment, cwd=installed.folder, capture_output=True, text=True, timeout=60
        )

    home = installed.folder / "home"
    for path in (*home.iterdir(), home):
        path.chmod(0o500 if path.is_dir() else 0o400)
    ends_in_one_line(bound("clinician", "add", "Dr Other"))
    for path in (home, *home.iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert bound("clinician", "add", "Dr Other").returncode == 0


# --- while people answer ---------------------------------------------------------------------------------------------


@contextmanager
def a_chat(folder: Path) -> Iterator[tuple[BotApi, Lives, Person]]:
    """Serving with short pauses, and a clinician at the first list."""
    with BotApi(token="515151:" + "f" * 35, username="fault_bot") as api, Lives(api, folder) as lives:
        lives.begin()
        ann = Person(api, 42, "Ann")
        ann.say(lives.code())
        new_case(ann, "Faults")
        ann.tap("Start now")
        wait_for(ann, "A few facts")
        yield api, lives, ann
        lives.end()


def answer_to(api: BotApi, person: Person, words: str) -> str:
    """What the tap's own answer says; waits until there is one."""
    query = api.callback_queries[person.tap(words)]
    person.wait_until(lambda: query.state == "answered", 30, f"an answer to {words}")
    return query.text


def test_a_locked_database_holds_a_tap_and_lets_it_go_on(tmp_path: Path) -> None:
    with a_chat(tmp_path / "own") as (api, lives, ann):
        with closing(sqlite3.connect(database(lives), isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            assert TRYING_AGAIN in answer_to(api, ann, "All checked")
            holder.execute("ROLLBACK")
        ann.wait_until(lambda: any("checked: yes" in b for b in ann.buttons()), 30, "both checked")
        assert "Traceback" not in lives.said()


def test_a_full_disk_holds_a_tap_and_lets_it_go_on(tmp_path: Path) -> None:
    """Full for this process: no file may become longer than it is."""
    with a_chat(tmp_path / "own") as (api, lives, ann):
        log = database(lives).with_name("stemwise.db-wal")
        unlimited = resource.prlimit(lives.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(lives.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, unlimited[1]))
        assert TRYING_AGAIN in answer_to(api, ann, "All checked")
        resource.prlimit(lives.pid, resource.RLIMIT_FSIZE, unlimited)
        ann.wait_until(lambda: any("checked: yes" in b for b in ann.buttons()), 30, "both checked")
        out = tmp_path / "case.json"
        lives.command("export", "Faults", "--format", "json", "--out", str(out))
        assert out.read_text().count('"item": "facts.hearing_checked"') == 1
        assert "Traceback" not in lives.said()


#: Calls of one kind that fail in a row: with the product's own pauses that would be a quarter of an hour.
LONG = 30


@pytest.mark.parametrize("kind", ["502", pytest.param("drop", marks=pytest.mark.slow), "applied_but_dropped"])
def test_a_bot_api_that_fails_for_minutes_loses_nothing(tmp_path: Path, kind: str) -> None:
    with a_chat(tmp_path / "own") as (api, lives, ann):
        faults = [api.fault(method, kind, times=LONG) for method in ("editMessageText", "getUpdates")]
        ann.tap("Next")
        ann.wait_until(lambda: "what was hard" in screen(ann), 60, "the first list")
        assert faults[0].hits == LONG or kind == "applied_but_dropped"
        api.calm()
        tap_through(ann, "As expected for age")
        api.settled(30, answered=False)
        assert "Traceback" not in lives.said()


def test_too_many_requests_hold_one_chat_and_no_other(tmp_path: Path) -> None:
    with a_chat(tmp_path / "own") as (api, lives, ann):
        bob = Person(api, 43, "Bob")
        bob.say(lives.code("Dr Other"))
        bob.see("New case")
        held = api.fault("editMessageText", "429", times=3, chat=ann.chat_id, retry_after=1, enforce=True)
        ann.tap("Next")
        ann.wait_until(lambda: held.hits == 1, 30, "a refusal")
        bob.tap("New case")
        wait_for(bob, "Type a label")
        assert held.hits < 3, "the other chat did not wait"
        ann.wait_until(lambda: "what was hard" in screen(ann), 30, "the first list")
        assert not [r for r in api.calls("editMessageText", ann.chat_id) if r.early], (
            "a chat that is held is left alone"
        )
        assert "Traceback" not in lives.said()
