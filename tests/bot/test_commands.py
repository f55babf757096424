"""The commands: what they print, their exit codes, and errors in one line that names the remedy, never a traceback."""

from __future__ import annotations

import errno
import io
import json
import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from support.walker import Clinic

from bot.cli import main
from bot.drawing import Job, draw
from flows.desk import Desk
from flows.engine import Engine, Settings
from flows.handing import before_it_leaves
from flows.storage import models
from flows.storage.engines import READS_ONLY, open_engine
from flows.storage.keys import read_key_file
from flows.storage.store import Store
from scoring.instrument import load
from scoring.result import Kept

VECTORS = Path(__file__).parents[1] / "vectors"
LABEL = "Zyxw Canarius"


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


class Shell:
    """`stemwise` in this process, on a data folder of its own."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.home, self.key = folder / "home", folder / "config" / "key"
        self._capture = capture

    def __call__(self, *arguments: str) -> Done:
        self._capture.readouterr()
        code = main(list(arguments))
        done = self._capture.readouterr()
        assert "Traceback" not in done.err
        return Done(code, done.out, done.err)

    def fails(self, code: int, *arguments: str) -> str:
        """The one line of an error."""
        done = self(*arguments)
        assert done.code == code, (arguments, done)
        lines = [line for line in done.err.splitlines() if not line.startswith("A new key was made")]
        assert len(lines) == 1, done.err
        return lines[0]

    def works(self, *arguments: str) -> str:
        done = self(*arguments)
        assert done.code == 0, (arguments, done)
        return done.out

    def engine(self) -> Engine:
        store = Store(f"sqlite:///{self.home / 'stemwise.db'}", read_key_file(self.key), lambda: datetime.now(UTC))
        return Engine(store, load(), Settings(zone=UTC))

    def with_desk(self, act: Callable[[Desk], object]) -> object:
        engine = self.engine()
        try:
            with engine.store.transaction() as tx:
                return act(engine.desk(tx))
        finally:
            engine.store.close()

    def add_case(self, clinician: str, label: str) -> str:
        def make(desk: Desk) -> str:
            found = desk.people.clinician_named(clinician)
            assert found is not None
            return desk.cases.add_case(found.id, label, date(2018, 3, 14)).id

        return str(self.with_desk(make))


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    for name in [name for name in os.environ if name.startswith("STEMWISE_")]:
        monkeypatch.delenv(name)
    made = Shell(tmp_path, capsys)
    monkeypatch.setenv("STEMWISE_HOME", str(made.home))
    monkeypatch.setenv("STEMWISE_KEY_FILE", str(made.key))
    monkeypatch.setenv("STEMWISE_TIMEZONE", "UTC")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    return made


@pytest.fixture
def two(shell: Shell) -> Shell:
    """Two clinicians, the first with a case."""
    shell.works("clinician", "add", "Dr Ann")
    shell.works("clinician", "add", "Dr Ben")
    shell.add_case("Dr Ann", LABEL)
    return shell


@pytest.fixture
def with_flags(shell: Shell) -> Shell:
    """A case of the terminal's clinician, finished, with two open flags."""
    shell.works("cases")
    clinic = Clinic(shell.home, rebuilds=False, secret=read_key_file(shell.key).secret)
    clinic.clock.now = datetime.now(UTC).replace(microsecond=0)
    with clinic.desk() as desk:
        account = desk.people.local_clinician()
    walker = clinic.stranger(account.address)
    walker.channel = account.channel
    walker.command("start")
    walker.new_case(LABEL, "2025-11-20")
    walker.type("English")
    walker.tap("Next")
    walker.until("Safety", "Skip")
    walker.tap("Danger at home now")
    walker.tap("Harmed lately")
    walker.tap("None of these")
    walker.tap("Finish")
    clinic.close()
    return shell


# --- use -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("banana",),
        ("clinician",),
        ("clinician", "add"),
        ("case", "move", "X"),
        ("export", "X"),
        ("export", "X", "--format", "docx", "--out", "x"),
        ("export", "X", "--format", "json"),
        ("import",),
        ("erase",),
        ("flags", "--banana"),
        ("cases", "extra"),
        ("db",),
        ("db", "banana"),
        ("chat", "--as", "doctor"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(arguments: tuple[str, ...], shell: Shell) -> None:
    line = shell.fails(2, *arguments)
    assert line.startswith("stemwise")
    assert "--help" in line
    assert not shell.home.exists(), "wrong use makes no data"


def test_help_and_version_are_no_errors(shell: Shell) -> None:
    assert "clinician" in shell.works("--help")
    assert shell.works("--version").startswith("stemwise ")
    for command in ("clinician", "cases", "export", "erase", "db", "doctor", "flags"):
        assert shell.works(command, "--help")


def test_a_wrong_setting_is_named_without_its_value(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEMWISE_TIMEZONE", "Atlantis/Secret")
    line = shell.fails(2, "cases")
    assert "STEMWISE_TIMEZONE" in line
    assert "Secret" not in line


@pytest.mark.parametrize(
    ("paper", "size"),
    [(None, b"595.28 841.89"), ("", b"595.28 841.89"), ("a4", b"595.28 841.89"), (" letter", b"612.00 792.00")],
)
def test_documents_are_made_on_the_paper_that_is_set(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, paper: str | None, size: bytes
) -> None:
    if paper is not None:
        monkeypatch.setenv("STEMWISE_PAPER", paper)
    shell.works("score", str(VECTORS / "06-infant-5m.case.json"), "--out", "out")
    for name in ("report.pdf", "family.pdf"):
        assert size in (shell.folder / "out" / name).read_bytes()


@pytest.mark.parametrize("arguments", [("doctor",), ("demo", "--out", "out"), ("cases",)])
def test_a_paper_that_is_none_is_refused_in_one_line_that_names_both(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("STEMWISE_PAPER", "Foolscap")
    assert shell.fails(2, *arguments) == "stemwise: STEMWISE_PAPER: is no paper size; write A4 or Letter"
    assert not (shell.folder / "out").exists()


@pytest.mark.parametrize("wanted", ["report", "family"])
def test_the_helper_of_the_chat_draws_on_the_paper_it_was_given(wanted: str) -> None:
    kept = Kept(json.loads((VECTORS / "06-infant-5m.case.json").read_bytes()))
    assert b"612.00 792.00" in draw(Job(wanted, kept), load(), "Letter")  # type: ignore[arg-type]


def test_serving_and_the_terminal_s_chat_are_given_the_paper_that_is_set(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    class Ended(Exception):
        """What is looked for was seen; the rest is not begun."""

    def ends(*_: object, paper: object = None, **__: object) -> None:
        given.append(paper)
        raise Ended

    monkeypatch.setenv("STEMWISE_PAPER", "Letter")
    monkeypatch.setenv("STEMWISE_TOKEN", "1:x")
    monkeypatch.setattr("bot.telegram.serve.Drawer", ends)
    monkeypatch.setattr("bot.commands.chat.Terminal", ends)
    shell("serve")
    shell("serve", "--webhook", "https://bot.example.org/updates")
    shell("chat")
    assert given == ["Letter"] * 3


# --- clinicians ------------------------------------------------------------------------------------------------------


def test_adding_a_clinician_prints_a_code_to_send_and_a_link(shell: Shell) -> None:
    out = shell.works("clinician", "add", "Dr Ann")
    code = next(line for line in out.splitlines() if line.startswith("/start "))
    token = code.removeprefix("/start ")
    assert token.startswith("c_")
    assert len(token) <= 64
    assert f"?start={token}" in out
    assert "24" in out
    again = shell.works("clinician", "code", "dr ann")
    assert token not in again
    assert shell.works("clinician", "list") == "Dr Ann · active · 0 cases\n"
    assert token.encode() not in b"".join(path.read_bytes() for path in shell.home.iterdir() if path.is_file())


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_name_that_is_none_is_refused(name: str, shell: Shell) -> None:
    assert "name" in shell.fails(2, "clinician", "add", name)


def test_a_name_is_given_once_and_again_after_removal(shell: Shell) -> None:
    shell.works("clinician", "add", "Dr Ann")
    assert "choose another" in shell.fails(2, "clinician", "add", "DR ANN")
    shell.works("clinician", "remove", "Dr Ann")
    shell.works("clinician", "add", "Dr Ann")


@pytest.mark.parametrize("verb", ["code", "suspend", "remove", "resume"])
def test_an_unknown_clinician_is_named(verb: str, shell: Shell) -> None:
    line = shell.fails(2, "clinician", verb, "Dr Who")
    assert "Dr Who" in line
    assert "clinician list" in line


def test_suspending_refuses_at_once_and_lists_what_went_out_in_the_last_day(two: Shell) -> None:
    def sent(desk: Desk) -> None:
        ann = desk.people.clinician_named("Dr Ann")
        assert ann is not None
        code = desk.people.make_code(ann.id)
        account = desk.people.account("telegram", "1", "en")
        desk.people.use_code(code, account.id)
        case = desk.cases.cases_of(ann.id)[0]
        desk.mail.remember_sent(account.id, "17", case.id, "map")

    two.with_desk(sent)
    out = two.works("clinician", "suspend", "Dr Ann")
    assert "1" in out.splitlines()[0]
    assert "map" in out
    assert LABEL not in out
    assert "suspended" in two.works("clinician", "list")
    state = two.with_desk(lambda desk: desk.people.account("telegram", "1", "en").clinician_id)
    assert state is None
    two.works("clinician", "resume", "Dr Ann")
    assert two.with_desk(lambda desk: desk.people.account("telegram", "1", "en").clinician_id) is not None


def test_removing_leaves_no_case_without_an_owner(two: Shell) -> None:
    assert "--cases-to" in two.fails(2, "clinician", "remove", "Dr Ann")
    two.fails(2, "clinician", "remove", "Dr Ann", "--cases-to", "Dr Ann")
    two.fails(2, "clinician", "remove", "Dr Ann", "--cases-to", "Dr Who")
    assert "Dr Ann · active · 1 case" in two.works("clinician", "list")
    two.works("clinician", "remove", "Dr Ann", "--cases-to", "Dr Ben")
    assert "Dr Ben · active · 1 case" in two.works("clinician", "list")
    assert json.loads(two.works("cases", "--json"))[0]["clinician"] == "Dr Ben"


def test_removing_hands_over_all_or_nothing(two: Shell) -> None:
    two.add_case("Dr Ann", "Other")
    two.add_case("Dr Ben", LABEL.upper())
    line = two.fails(2, "clinician", "remove", "Dr Ann", "--cases-to", "Dr Ben")
    assert "label is in use" in line
    assert LABEL not in line
    assert "Dr Ann · active · 2 cases" in two.works("clinician", "list")


# --- cases -----------------------------------------------------------------------------------------------------------


def test_cases_are_listed_and_as_json(two: Shell) -> None:
    (row,) = json.loads(two.works("cases", "--json"))
    assert row["label"] == LABEL
    assert row["clinician"] == "Dr Ann"
    assert row["state"] == "not started"
    assert row["open_flags"] == 0
    assert set(row) >= {"id", "last_activity"}
    assert f"{LABEL} · not started" in two.works("cases")


def test_without_cases_the_list_says_how_to_begin(shell: Shell) -> None:
    assert "stemwise chat" in shell.works("cases")
    assert json.loads(shell.works("cases", "--json")) == []


def test_a_case_is_named_by_its_label_in_any_case_or_its_id(two: Shell) -> None:
    case_id = json.loads(two.works("cases", "--json"))[0]["id"]
    for name in (LABEL, LABEL.upper(), f" {LABEL} ", case_id):
        assert case_id in two.works("case", "hold", name)
    assert json.loads(two.works("cases", "--json"))[0]["state"] == "on hold"
    two.works("case", "hold", LABEL, "--off")
    assert json.loads(two.works("cases", "--json"))[0]["state"] == "not started"


@pytest.mark.parametrize(
    "arguments",
    [
        ("case", "move", "Nobody", "--to", "Dr Ben"),
        ("case", "hold", "Nobody"),
        ("export", "Nobody", "--format", "json", "--out", "x.json"),
        ("erase", "Nobody", "--yes"),
        ("invite", "Nobody"),
    ],
)
def test_an_unknown_case_is_refused_with_a_remedy(arguments: tuple[str, ...], two: Shell) -> None:
    line = two.fails(2, *arguments)
    assert "Nobody" in line
    assert "stemwise cases" in line
    assert not (two.folder / "x.json").exists()


def test_a_label_that_two_clinicians_use_is_refused_with_the_ids(two: Shell) -> None:
    two.add_case("Dr Ben", LABEL)
    ids = {row["id"] for row in json.loads(two.works("cases", "--json"))}
    line = two.fails(2, "case", "hold", LABEL)
    assert all(case_id in line for case_id in ids)
    two.works("case", "hold", ids.pop())


def test_moving_a_case_hands_it_over_once(two: Shell) -> None:
    two.works("case", "move", LABEL, "--to", "Dr Ben")
    two.works("case", "move", LABEL, "--to", "Dr Ben")
    assert json.loads(two.works("cases", "--json"))[0]["clinician"] == "Dr Ben"
    two.add_case("Dr Ann", LABEL)
    ids = {row["clinician"]: row["id"] for row in json.loads(two.works("cases", "--json"))}
    assert "label is in use" in two.fails(2, "case", "move", ids["Dr Ann"], "--to", "Dr Ben")
    assert "Dr Who" in two.fails(2, "case", "move", ids["Dr Ann"], "--to", "Dr Who")


# --- flags -----------------------------------------------------------------------------------------------------------


def test_flags_are_listed_and_cleared_with_a_reason_only(with_flags: Shell) -> None:
    shell = with_flags
    lines = shell.works("flags").splitlines()
    assert len(lines) == 2
    assert all(LABEL in line for line in lines)
    flag = lines[0].partition(" · ")[0]
    assert "go together" in shell.fails(2, "flags", "--clear", flag)
    assert "go together" in shell.fails(2, "flags", "--reason", "not so")
    assert "characters" in shell.fails(2, "flags", "--clear", flag, "--reason", "no")
    assert "characters" in shell.fails(2, "flags", "--clear", flag, "--reason", "  x  ")
    assert "no open flag" in shell.fails(2, "flags", "--clear", "nosuchid", "--reason", "not so at all")
    assert len(shell.works("flags").splitlines()) == 2
    shell.works("flags", "--clear", flag, "--reason", "seen and settled")
    assert len(shell.works("flags").splitlines()) == 1
    assert "no open flag" in shell.fails(2, "flags", "--clear", flag, "--reason", "seen and settled")
    assert json.loads(shell.works("cases", "--json"))[0]["open_flags"] == 1


def test_without_flags_it_says_so(shell: Shell) -> None:
    assert "No open flags" in shell.works("flags")


# --- export, import, erase -------------------------------------------------------------------------------------------


def test_an_export_is_private_and_comes_in_again_with_the_same_bytes(
    with_flags: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = with_flags
    out = tmp_path / "case.json"
    assert str(out) in shell.works("export", LABEL, "--format", "json", "--out", str(out))
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    if os.name == "posix":
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
    first = out.read_bytes()
    assert "there already" in shell.fails(2, "import", str(out))
    monkeypatch.setenv("STEMWISE_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("STEMWISE_KEY_FILE", str(tmp_path / "elsewhere" / "key"))
    shell.works("import", str(out))
    shell.works("export", LABEL, "--format", "json", "--out", str(out))
    assert out.read_bytes() == first


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.json", None),
        ("empty.json", b""),
        ("text.json", b"not json"),
        ("list.json", b"[]"),
        ("null.json", b"null"),
        ("bytes.json", b"\xff\xfe\x00"),
        ("deep.json", b"[" * 100_000),
        ("twice.json", b'{"schema": "stemwise-case/1", "schema": "stemwise-case/1"}'),
        ("case.json", b'{"schema": "stemwise-case/1", "label": "X", "born": "2018-01-01", "assessed": "2026-01-01"}'),
        ("nan.json", b'{"schema": NaN}'),
        ("number.json", b"1" * 5000),
    ],
)
def test_a_bad_file_is_refused_in_one_line_that_names_it(name: str, content: bytes | None, shell: Shell) -> None:
    path = shell.folder / name
    if content is not None:
        path.write_bytes(content)
    line = shell.fails(2, "import", str(path))
    assert name in line
    assert json.loads(shell.works("cases", "--json")) == []


def test_a_file_of_50_megabytes_is_refused_without_being_read_to_its_end(shell: Shell) -> None:
    path = shell.folder / "big.json"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    line = shell.fails(2, "score", str(path), "--out", str(shell.folder / "out"))
    assert "20 MB" in line
    assert "big.json" in line
    assert "big.json" in shell.fails(2, "import", str(path))
    assert not (shell.folder / "out").exists()


def test_a_folder_in_the_place_of_a_file_is_one_line(shell: Shell) -> None:
    assert str(shell.folder) in shell.fails(2, "import", str(shell.folder))


def test_an_export_where_nothing_can_be_written_is_one_line(two: Shell) -> None:
    line = two.fails(2, "export", LABEL, "--format", "json", "--out", str(two.folder / "nowhere" / "x.json"))
    assert "nowhere" in line
    taken = two.folder / "taken"
    taken.mkdir()
    done = two("export", LABEL, "--format", "json", "--out", str(taken))
    assert done.code in (1, 2)
    assert len(done.err.splitlines()) == 1


def test_erasing_needs_yes_in_a_pipe_and_then_leaves_nothing(with_flags: Shell) -> None:
    shell = with_flags
    (case,) = json.loads(shell.works("cases", "--json"))
    results = shell.home / "results" / case["id"] / "2026-01-01"
    results.mkdir(parents=True)
    (results / "map.png").write_bytes(b"picture")
    assert "--yes" in shell.fails(2, "erase", LABEL)
    assert len(json.loads(shell.works("cases", "--json"))) == 1
    shell.works("case", "hold", LABEL)
    assert "hold" in shell.fails(2, "erase", LABEL, "--yes")
    shell.works("case", "hold", LABEL, "--off")
    wrapped = shell.with_desk(lambda desk: desk.tx.session.get_one(models.WrappedKey, case["id"]).wrapped)
    out = shell.works("erase", LABEL, "--yes")
    assert "erased" in out
    assert "48 hours" in out or "messages" not in out
    assert not results.parent.exists()
    assert json.loads(shell.works("cases", "--json")) == []
    assert isinstance(wrapped, bytes)
    assert wrapped not in b"".join(path.read_bytes() for path in shell.home.iterdir() if path.is_file())
    assert "no such case" in shell.fails(2, "erase", LABEL, "--yes")
    trail = shell.with_desk(lambda desk: list(desk.tx.session.scalars(select(models.Audit.action))))
    assert "case.erased" in trail  # type: ignore[operator]


def test_the_audit_names_the_clinician_an_act_was_about(two: Shell) -> None:
    two.works("clinician", "suspend", "Dr Ann")
    two.works("clinician", "resume", "Dr Ann")
    two.works("clinician", "code", "Dr Ann")
    two.works("case", "move", LABEL, "--to", "Dr Ben")
    two.works("clinician", "remove", "Dr Ann")

    def read(desk: Desk) -> list[tuple[str, str | None]]:
        rows = desk.tx.session.scalars(select(models.Audit).order_by(models.Audit.id))
        names = {c.id: c.name for c in desk.people.clinicians()}
        return [(row.action, names[row.clinician_id]) for row in rows if row.clinician_id]

    assert two.with_desk(read) == [
        *((what, name) for name in ("Dr Ann", "Dr Ben") for what in ("clinician.add", "clinician.code")),
        ("clinician.suspended", "Dr Ann"),
        ("clinician.active", "Dr Ann"),
        ("clinician.code", "Dr Ann"),
        ("case.moved", "Dr Ben"),
        ("clinician.removed", "Dr Ann"),
    ]


# --- db and doctor ---------------------------------------------------------------------------------------------------


def test_a_healthy_store_is_well(two: Shell) -> None:
    assert "All is well" in two.works("db", "check")
    assert "yes" in two.works("db", "upgrade")


def test_another_key_file_is_found_and_named(two: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    other = two.folder / "other-key"
    other.write_text("stemwise-key/1 " + "QUJD" * 10 + "QUE=\n")
    other.chmod(0o600)
    monkeypatch.setenv("STEMWISE_KEY_FILE", str(other))
    done = two("db", "check")
    assert done.code == 1
    assert "STEMWISE_KEY_FILE" in done.err
    assert two("doctor").code == 1
    line = two.fails(1, "cases")
    assert "STEMWISE_KEY_FILE" in line
    assert "QUJD" not in line


def test_a_key_file_that_is_gone_is_never_made_anew_over_data(two: Shell) -> None:
    two.key.unlink()
    line = two.fails(2, "cases")
    assert "restore" in line
    assert not two.key.exists()
    assert two("doctor").code == 1


def test_a_key_file_that_others_can_read_is_refused(two: Shell) -> None:
    two.key.chmod(0o644)
    assert "chmod 600" in two.fails(2, "cases")
    done = two("doctor")
    assert done.code == 1
    assert "chmod 600" in done.err


def test_a_snapshot_or_a_row_that_does_not_fit_is_found(with_flags: Shell) -> None:
    with sqlite3.connect(with_flags.home / "stemwise.db") as raw:
        raw.execute("DELETE FROM responses WHERE number = 3")
    done = with_flags("db", "check")
    assert done.code == 1
    assert "snapshot" in done.err
    assert LABEL not in done.err


def test_a_database_that_is_none_is_one_line(two: Shell) -> None:
    for path in two.home.glob("stemwise.db*"):
        path.unlink()
    (two.home / "stemwise.db").write_bytes(b"this is no database at all, it is a text" * 100)
    line = two.fails(1, "cases")
    assert "database" in line
    assert two("db", "check").code == 1
    assert two("doctor").code == 1


def test_a_missing_index_is_found(two: Shell) -> None:
    with sqlite3.connect(two.home / "stemwise.db") as raw:
        raw.execute("DROP INDEX ix_cases_clinician_id")
    done = two("db", "check")
    assert done.code == 1
    assert "ix_cases_clinician_id" in done.err


def test_the_doctor_on_a_new_machine_says_what_to_do_first(shell: Shell) -> None:
    done = shell("doctor")
    assert done.code == 1
    assert "stemwise chat" in done.err
    assert not shell.home.exists()


def test_data_lies_in_a_folder_for_its_owner_alone(two: Shell) -> None:
    if os.name == "posix":
        assert stat.S_IMODE(two.home.stat().st_mode) == 0o700
        two.home.chmod(0o755)
        done = two("doctor")
        assert done.code == 1
        assert "chmod 700" in done.err


def test_commands_work_while_somebody_reads(two: Shell) -> None:
    engine = open_engine(f"sqlite:///{two.home / 'stemwise.db'}")
    with engine.connect().execution_options(**{READS_ONLY: True}) as connection:
        connection.exec_driver_sql("SELECT COUNT(*) FROM cases").scalar()
        two.works("case", "hold", LABEL)
        two.works("cases")
    engine.dispose()


def test_a_locked_database_is_one_line_and_exit_code_1(two: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("flows.storage.engines", fromlist=["PRAGMAS"]).PRAGMAS, "busy_timeout", 30)
    holder = sqlite3.connect(two.home / "stemwise.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        line = two.fails(1, "case", "hold", LABEL)
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert "locked" in line


def test_debug_shows_where_an_error_came_from_and_not_its_text(
    shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> object:
        try:
            raise KeyError(LABEL)
        except KeyError as error:
            raise ValueError(LABEL) from error

    monkeypatch.setattr("bot.app.load", breaks)
    assert main(["--debug", "cases"]) == 1
    printed = capsys.readouterr().err
    assert "test_commands.py" in printed and "app.py" in printed
    assert "KeyError" in printed and "ValueError" in printed
    assert LABEL not in printed


@pytest.fixture(autouse=True)
def quiet_logging() -> Iterator[None]:
    """The commands set the log up for a process of their own."""
    import logging

    handlers = list(logging.getLogger().handlers)
    yield
    for handler in logging.getLogger().handlers[:]:
        if handler not in handlers:
            logging.getLogger().removeHandler(handler)


def test_a_full_disk_is_named(two: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("bot.commands.db.write_backup", is_full)
    assert os.strerror(errno.ENOSPC) in two.fails(1, "db", "backup", "--out", "x.backup")
    monkeypatch.setattr("bot.outputs.os.open", is_full)
    assert os.strerror(errno.ENOSPC) in two.fails(1, "export", LABEL, "--format", "csv", "--out", "x.csv")
    assert not list(two.folder.glob("*x.*"))


def test_who_must_not_learn_of_a_visit_is_never_cut_off_at_the_end(two: Shell) -> None:
    everybody = ", ".join(f"uncle {number}" for number in range(40))
    two.works("invite", LABEL, "--must-not-learn", everybody)
    assert "at most 500 letters" in two.fails(2, "invite", LABEL, "--must-not-learn", everybody + "x" * 500)
    assert "at most 60 letters" in two.fails(2, "invite", LABEL, "--relation", "x" * 61)
    told = two.with_desk(lambda desk: before_it_leaves(desk, desk.cases.cases_of(None)[0].id)[0])
    assert everybody in str(told)


def test_a_list_of_invitations_stands_in_the_audit(two: Shell) -> None:
    two.works("invite", LABEL, "--list")
    two.works("invite", "--list")
    with sqlite3.connect(two.home / "stemwise.db") as raw:
        rows = raw.execute("SELECT actor, case_id IS NULL FROM audit WHERE action = 'invitations.listed'").fetchall()
    assert rows == [("operator", 0), ("operator", 1)]
