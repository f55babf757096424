"""The terminal as somebody uses it: `stemwise chat` as a process of its own, fed through a pipe, read from another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.engine import Engine, Settings
from flows.exchange.record import record_of
from flows.storage.keys import read_key_file
from flows.storage.store import Store
from scoring import figures
from scoring.case import case_from
from scoring.instrument import load
from scoring.result import assess, profile_json

ROOT = Path(__file__).parents[2]
NEEDS_PICTURES = pytest.mark.skipif(not hasattr(figures, "draw_map"), reason="the pictures are not there yet")
TO_INTERVIEW = ("new case", "Robin", "10 January 2018", "start now")


class Chat:
    """`stemwise` on one data folder, in a pipe.

    Attributes
    ----------
    home, environment : where data lies, and what a process is started with; nothing of this machine's own settings
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("STEMWISE_")},
            "STEMWISE_HOME": str(self.home),
            "STEMWISE_KEY_FILE": str(folder / "config" / "key"),
            "STEMWISE_TIMEZONE": "UTC",
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
        }
        self.folder = folder

    def run(self, *arguments: str, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env=self.environment,
            cwd=self.folder,
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            capture_output=True,
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
        )

    def say(self, *lines: str) -> list[str]:
        """Type lines, then end the input; the screens that were shown, one for each prompt."""
        done = self.run("chat", stdin="\n".join(lines) + "\n")
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        *screens, end = done.stdout.split("\n> ")
        assert "Every answer is kept" in end
        assert str(self.home) in end
        return screens

    def record(self) -> dict[str, Any]:
        """The case as an export would hold it, read from the data folder."""
        master = read_key_file(Path(self.environment["STEMWISE_KEY_FILE"]))
        store = Store(f"sqlite:///{self.home / 'stemwise.db'}", master, lambda: datetime.now(UTC))
        with store.reading() as tx:
            desk = Engine(store, load(), Settings(zone=UTC)).desk(tx)
            record = record_of(desk, desk.cases.cases_of(None)[0].id)
        store.close()
        return record

    def said(self) -> list[tuple[str, Any, str]]:
        rows = self.record()["encounters"][-1]["interviews"][0]["responses"]
        return [(r["item"], r["value"], r["label"]) for r in rows]


@pytest.fixture
def chat(tmp_path: Path) -> Chat:
    return Chat(tmp_path)


def options(screen: str) -> list[str]:
    """The options of a screen, as `number) words`."""
    return [line for line in screen.splitlines() if line.partition(")")[0].isdecimal() and ") " in line]


def test_the_first_start_makes_a_key_apart_from_the_data_and_says_so(chat: Chat) -> None:
    done = chat.run("chat")
    assert done.returncode == 0
    assert "Keep a copy" in done.stderr
    assert "\x1b" not in done.stdout, "colour is for a terminal"
    assert "1) New case" in done.stdout
    assert "2) My cases" in done.stdout
    assert chat.environment["STEMWISE_KEY_FILE"] in done.stderr
    again = chat.run("chat")
    assert again.stderr == ""


def test_numbers_words_and_questions_choose(chat: Chat) -> None:
    screens = chat.say(
        "1",  # New case
        "Robin",
        "14.3.2018",
        "1",  # Start now
        "?",  # Why this?
        "hide why",
        "HEARING CHECKED",
        "1",  # the same again
        "back",
        "my cases",
    )
    assert "New case" in screens[1]
    assert "Robin: date of birth" in screens[2]
    assert "A few facts first" in screens[4]
    assert any("Hide why" in line for line in options(screens[5]))
    assert any("Hearing checked: yes" in line for line in options(screens[7]))
    assert any("Hearing checked: no" in line for line in options(screens[8]))
    assert "1) New case" in screens[9]
    assert "Robin · in progress" in screens[10]


def test_on_a_rating_screen_a_number_is_the_rating_and_the_rest_are_words(chat: Chat) -> None:
    to_ratings = ("English", "all checked", *("not known for this period",) * 5)
    screens = chat.say(*TO_INTERVIEW, *to_ratings, "7", "not sure", "skip", "13", "back", "12", "as expected for age")
    first = screens[len(TO_INTERVIEW) + len(to_ratings)]
    assert "Heart and circulation" in first
    assert options(first) == [], "no numbers that could be taken for ratings"
    assert "   As expected for age" in first
    assert "   Skip" in first
    rows = [row for row in chat.said() if row[0].startswith("functions.")]
    assert [row[1:] for row in rows][:4] == [(7, "7"), (None, "Not sure"), (None, "Skip"), (12, "12")]
    assert len(rows) == 5


def test_text_is_a_note_and_a_bare_number_beyond_the_options_is_declined(chat: Chat) -> None:
    screens = chat.say(*TO_INTERVIEW, "English", "all checked", "was a hard year", "note: 7", "99", "-1")
    assert "Notes: 2" in screens[-1]
    assert "A number alone is not kept here" in screens[-1]
    notes = [row for row in chat.said() if row[2] == ""]
    assert len(notes) == 2


def test_empty_lines_odd_bytes_and_unknown_commands_end_nothing(chat: Chat) -> None:
    done = chat.run(
        "chat", stdin=b"\n\n   \n\xff\xfe\x00\n/banana\n/start\nnew case\n\xc3\x28 label\n" + b"x" * 100_000 + b"\n"
    )
    assert done.returncode == 0
    assert done.stderr.count("\n") <= 1  # only that a key was made
    assert "Traceback" not in done.stdout


def test_the_end_of_the_input_pauses_and_the_next_start_goes_on_at_the_same_screen(chat: Chat) -> None:
    to_a_rating = ("English", "all checked", *("not known for this period",) * 5, "8")
    first = chat.say(*TO_INTERVIEW, *to_a_rating)
    second = chat.say("go on")
    assert "Paused" in second[0]
    assert "1) Go on" in second[0]
    assert second[1].strip() == first[-1].strip()
    assert "Breathing and digestion" in second[1]
    third = chat.say("1", "3")
    assert third[1].strip() == second[1].strip()
    assert [row[1] for row in chat.said() if row[0].startswith("functions.")] == [8, 3]


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal of POSIX here")
def test_ctrl_c_pauses_with_exit_code_0(chat: Chat) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "chat"],
        env=chat.environment,
        cwd=chat.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n".join(TO_INTERVIEW) + "\nEnglish\n")
    process.stdin.flush()
    shown = ""
    deadline = time.monotonic() + 60
    while "Languages: English" not in shown and time.monotonic() < deadline:
        shown += process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Every answer is kept" in out
    assert "Traceback" not in err
    assert "Paused" in chat.say()[0]


def test_numbers_and_words_are_the_same_options_as_on_the_phone(chat: Chat) -> None:
    screens = chat.say(*TO_INTERVIEW, "English", "all checked")
    words = [line.partition(") ")[2] for line in options(screens[-1])]
    shown = load().words.adversity
    assert words[0] == shown["distress_in_pregnancy"].short
    assert words[-5:] == ["‹ Back", "Skip", "Not sure", "Why this?", "Pause"]
    assert "None of these" in words
    assert all(len(line) <= 120 for line in screens[-1].splitlines())


@NEEDS_PICTURES
def test_a_whole_intake_through_a_pipe_ends_with_map_and_summary(chat: Chat) -> None:
    lines = [*TO_INTERVIEW, "English", "all checked"]
    for _ in range(5):
        lines += ["none of these", "all steady"]
    lines += ["7", "6", *["as expected for age"] * 30]
    lines += ["all steady", "none of these", "finish"]
    done = chat.run("chat", stdin="\n".join(lines) + "\n")
    assert done.returncode == 0, done.stderr
    assert "Results · Robin" in done.stdout
    out = chat.folder / "out.json"
    exported = chat.run("export", "Robin", "--format", "json", "--out", str(out))
    assert exported.returncode == 0, exported.stderr
    case = json.loads(out.read_text("utf-8"))
    folder = chat.home / "results" / str(case["case_id"]) / str(case["assessed"])
    assert str(folder) in done.stdout
    names = {path.name for path in folder.iterdir()}
    assert names >= {"profile.json", "summary.md", "map.png", "history.png", "report.pdf", "family.pdf"}
    for name in names:
        assert name in done.stdout
        assert "Robin" not in name
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0
        assert (folder / "map.png").stat().st_mode & 0o077 == 0
    assert (folder / "map.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")
    profile = json.loads((folder / "profile.json").read_text("utf-8"))
    assert profile["label"] == "Robin"
    instrument = load()
    expected = json.loads(json.dumps(profile_json(assess(case_from(case, instrument), instrument))))
    assert profile["domains"] == expected["domains"]
    assert profile["functions"] == expected["functions"]
    again = chat.run("score", str(chat.folder / "out.json"), "--out", str(chat.folder / "scored"))
    assert again.returncode == 0, again.stderr
    scored = json.loads((chat.folder / "scored" / "profile.json").read_text("utf-8"))
    assert scored["domains"] == profile["domains"]
    assert "Results · Robin" in chat.say()[0], "the next start stands where this one ended"
