"""Each fault is planted, found by `db check` or `doctor`, and its mend named; where the mend is a command, it mends."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from alembic import command
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from support.clock import TickingClock
from support.walker import Clinic

from bot import checks
from bot.app import clock
from bot.checks import Finding, database_findings, installation_findings
from bot.cli import main
from bot.settings import Settings
from flows.storage import models, rotation
from flows.storage.engines import open_engine
from flows.storage.keys import HEADER, read_key_file
from flows.storage.schema import alembic_config
from flows.views import News

SECRET = b"k" * 32


class Installation:
    """An installation in use: a clinician, a case half asked, a key file and a data folder as they should be."""

    def __init__(self, folder: Path) -> None:
        self.home, self.key_file = folder / "home", folder / "config" / "key"
        self.home.mkdir(mode=0o700)
        self.write_key(SECRET)
        self.clinic = Clinic(self.home, clock=TickingClock(clock() - timedelta(hours=1)))
        self.walker = self.clinic.clinician()
        self.walker.new_case("Robin")
        self.walker.tap("All checked")

    def write_key(self, secret: bytes) -> None:
        self.key_file.parent.mkdir(exist_ok=True, mode=0o700)
        self.key_file.write_text(f"{HEADER} {base64.b64encode(secret).decode()}\n")
        self.key_file.chmod(0o600)

    def sql(self, *statements: str) -> None:
        with self.clinic.store.engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
            connection.commit()

    @property
    def settings(self) -> Settings:
        return Settings(_env_file=None, home=self.home, key_file=self.key_file, timezone="UTC")  # type: ignore[call-arg]

    def check(self) -> list[Finding]:
        return list(database_findings(self.settings, read_key_file(self.key_file)))

    def doctor(self) -> list[Finding]:
        return list(installation_findings(self.settings))

    def run(self, *arguments: str) -> int:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("STEMWISE_")}
        ours = {"STEMWISE_HOME": str(self.home), "STEMWISE_KEY_FILE": str(self.key_file), "STEMWISE_TIMEZONE": "UTC"}
        with patch.dict(os.environ, {**clean, **ours}, clear=True):
            return main(arguments)


@pytest.fixture
def here() -> Iterator[Installation]:
    quick = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="stemwise-checks-", dir=quick if quick.is_dir() else None))
    made = Installation(folder)
    yield made
    made.clinic.close()
    shutil.rmtree(folder, ignore_errors=True)


def found(findings: list[Finding], name: str, *pieces: str) -> Finding:
    """The one finding of that name; every piece stands in it."""
    named = [f for f in findings if f.name == name]
    assert len(named) == 1, findings
    for piece in pieces:
        assert piece in f"{named[0].message} → {named[0].remedy}"
    assert named[0].remedy
    return named[0]


def test_a_sound_installation_has_nothing_wrong_but_that_no_backup_was_tried(here: Installation) -> None:
    assert here.check() == []
    only = here.doctor()
    assert [f.name for f in only] == ["backup"]
    assert here.run("db", "check") == 0


# --- backups ---


def test_doctor_is_content_once_a_restore_was_verified_with_the_present_key(
    here: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found(here.doctor(), "backup", "db backup --out FILE", "--verify-only")
    assert here.run("doctor") == 1
    out = tmp_path / "backup"
    assert here.run("db", "backup", "--out", str(out)) == 0
    found(here.doctor(), "backup")  # made is not proven
    assert here.run("db", "restore", str(out), "--verify-only") == 0
    assert here.doctor() == []
    capsys.readouterr()
    assert here.run("doctor") == 0
    assert capsys.readouterr().out == "All is well.\n"
    assert here.run("db", "rotate-key") == 0
    found(here.doctor(), "backup", "present key file")
    assert here.run("db", "backup", "--out", str(tmp_path / "second")) == 0
    assert here.run("db", "restore", str(tmp_path / "second"), "--verify-only") == 0
    found(here.doctor(), "key file", "key.old", "put it away")
    assert here.run("db", "restore", str(out), "--verify-only") == 2  # the old backup needs the old key
    rotation.old_beside(here.key_file).unlink()
    assert here.doctor() == []


def test_doctor_names_a_case_that_a_restore_brought_back_until_it_is_erased_again(
    here: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case_id, out = here.clinic.case_id("Robin"), tmp_path / "backup"
    assert here.run("db", "backup", "--out", str(out)) == 0
    assert here.run("erase", case_id, "--yes") == 0
    assert here.run("db", "restore", str(out), "--yes") == 0
    assert f"erase it again: stemwise erase {case_id}" in capsys.readouterr().err
    only = found(here.doctor(), "erased", case_id, f"stemwise erase {case_id}")
    assert "Robin" not in repr(only)
    assert here.check() == []  # the data itself is sound
    assert here.run("erase", case_id, "--yes") == 0
    assert [f for f in here.doctor() if f.name == "erased"] == []


# --- the database ---


@pytest.mark.parametrize(
    ("pragma", "name"),
    [
        ("synchronous=0", "synchronous"),
        ("secure_delete=0", "secure_delete"),
        ("foreign_keys=0", "foreign_keys"),
        ("busy_timeout=0", "busy_timeout"),
    ],
)
def test_a_wrong_setting_is_found(here: Installation, pragma: str, name: str) -> None:
    def spoil(engine: Engine) -> None:
        @event.listens_for(engine, "connect")
        def later(connection: object, _: object) -> None:
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    real = checks.open_engine

    def opened(url: str) -> Engine:
        engine = real(url)
        spoil(engine)
        return engine

    with patch.object(checks, "open_engine", opened):
        found(here.check(), "setting", name, "must be", "start again")


def test_a_missing_index_is_found_and_made_again(here: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    here.sql("DROP INDEX ix_cases_clinician_id")
    found(here.check(), "index", "ix_cases_clinician_id", "stemwise db upgrade")
    assert here.run("db", "check") == 1
    assert here.run("db", "upgrade") == 0
    assert "Made again: index ix_cases_clinician_id" in capsys.readouterr().out
    assert here.check() == []


def test_a_row_without_its_parent_is_found(here: Installation) -> None:
    raw = here.clinic.store.engine.raw_connection()
    raw.cursor().execute("PRAGMA foreign_keys=OFF")
    raw.cursor().execute("DELETE FROM encounters")
    raw.cursor().execute("PRAGMA foreign_keys=ON")
    raw.close()
    findings = here.check()
    assert {f.name for f in findings} >= {"foreign key"}
    assert "stemwise db restore FILE" in next(f for f in findings if f.name == "foreign key").remedy


def test_a_damaged_page_is_found(here: Installation) -> None:
    here.clinic.close()
    raw = here.clinic.store.engine.raw_connection()
    raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    here.clinic.close()
    path = here.home / "stemwise.db"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = os.urandom(4096)
    path.write_bytes(data)
    findings = here.check()
    assert {f.name for f in findings} & {"integrity", "database", "foreign key", "seal"}
    assert all(f.remedy for f in findings)


def test_an_old_schema_is_found_and_brought_up_to_date(here: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    here.clinic.close()
    for path in here.home.glob("stemwise.db*"):
        path.unlink()
    engine = open_engine(here.settings.url)
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    found(here.check(), "schema", "is 0001", "stemwise db upgrade")
    assert here.run("db", "check") == 1
    assert here.run("db", "upgrade") == 0
    assert "The schema is current: yes" in capsys.readouterr().out
    assert here.check() == []


def test_a_newer_schema_is_told_apart(here: Installation) -> None:
    here.sql("UPDATE alembic_version SET version_num = '0099'")
    found(here.check(), "schema", "newer than this program", "install the version")


def test_an_empty_database_is_an_old_schema(here: Installation) -> None:
    here.clinic.close()
    for path in here.home.glob("stemwise.db*"):
        path.unlink()
    (here.home / "stemwise.db").touch(mode=0o600)
    found(here.check(), "schema", "empty", "stemwise db upgrade")


def test_what_is_no_database_is_found(here: Installation) -> None:
    here.clinic.close()
    for path in here.home.glob("stemwise.db*"):
        path.unlink()
    (here.home / "stemwise.db").write_bytes(b"no database at all" * 500)
    (here.home / "stemwise.db").chmod(0o600)
    found(here.check(), "database", "cannot be opened")
    found(here.doctor(), "database")


def test_an_address_that_is_none_is_found_without_being_shown(here: Installation) -> None:
    for url in ("nonsense://user:secretword@host/x", "://secretword"):
        settings = here.settings.model_copy(update={"database_url": url})
        only = found(
            list(database_findings(settings, read_key_file(here.key_file))), "database", "STEMWISE_DATABASE_URL"
        )
        assert "secretword" not in repr(only)


def test_a_snapshot_that_is_not_its_responses_is_found(here: Installation) -> None:
    here.sql("DELETE FROM responses WHERE number = 1")
    found(here.check(), "snapshot", "is not its responses")


def test_one_case_that_does_not_open_is_named(here: Installation) -> None:
    with here.clinic.store.transaction() as tx:
        row = tx.session.query(models.Case).one()
        row.sealed_label = row.sealed_birth
    found(here.check(), "seal", row.id, "stemwise db restore FILE")


# --- the clock ---


@pytest.mark.parametrize(
    ("moves", "says"),
    [
        (timedelta(days=-30, hours=-3), "is in the past: the newest entry was made 30 days later"),
        (timedelta(minutes=-80), "is in the past"),
        (timedelta(days=3000), "may be in the future"),
    ],
)
def test_a_wrong_clock_is_found(
    here: Installation, monkeypatch: pytest.MonkeyPatch, moves: timedelta, says: str
) -> None:
    monkeypatch.setattr(checks, "clock", lambda: clock() + moves)
    found(here.check(), "clock", says, "set this machine's clock")


# --- the key file ---


def test_another_key_file_is_found(here: Installation) -> None:
    here.write_key(b"w" * 32)
    found(here.check(), "key", "sealed with another key file", "STEMWISE_KEY_FILE")


def test_a_rotation_that_was_cut_off_is_found_and_ended(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(rotation, "_swap", lambda _: None)
        rotation.rotate(here.clinic.store, read_key_file(here.key_file), here.key_file)
    found(here.check(), "key", "a rotation was cut off", "stemwise db rotate-key")
    assert here.run("db", "rotate-key") == 0
    assert here.check() == []


def test_a_key_file_that_others_can_read_is_found(here: Installation) -> None:
    here.key_file.chmod(0o644)
    found(here.doctor(), "key file", "other users can read it", f"chmod 600 {here.key_file}")
    assert here.run("db", "check") == 2


def test_a_key_beside_the_data_is_found(here: Installation) -> None:
    beside = here.home / "key"
    here.key_file.rename(beside)
    here.key_file = beside
    found(here.doctor(), "key file", "lies beside the data", "STEMWISE_KEY_FILE")


@pytest.mark.parametrize("content", ["", "stemwise-key/1 short", "something else", "stemwise-key/1 !!!!"])
def test_a_damaged_key_file_is_found(here: Installation, content: str) -> None:
    here.key_file.write_text(content)
    found(here.doctor(), "key file", "restore your copy")


def test_a_missing_key_file_is_not_made_anew_where_there_is_data(here: Installation) -> None:
    here.key_file.unlink()
    found(here.doctor(), "key file", "there is no key file", "restore your copy")
    assert here.run("db", "check") == 2
    assert not here.key_file.exists()


# --- files, messages ---


def test_what_others_can_read_is_found(here: Installation) -> None:
    (here.home / "stemwise.db").chmod(0o644)
    found(here.doctor(), "file", "stemwise.db", "chmod 600")
    (here.home / "stemwise.db").chmod(0o600)
    here.home.chmod(0o755)
    found(here.doctor(), "data folder", "others can enter", "chmod 700")


def test_a_danger_alert_that_could_not_be_delivered_is_named(here: Installation) -> None:
    case_id = here.clinic.case_id("Robin")
    with here.clinic.desk() as desk:
        account = here.walker.account_id
        desk.mail.add([News(account, "alert", {"text": "x"}, case_id), News(account, "notice", {"text": "y"}, case_id)])
        for waiting in desk.mail.waiting(account):
            desk.mail.mark_attempt(waiting.id, gives_up=True)
    lost = [f for f in here.doctor() if f.name == "undelivered"]
    assert any(f"danger alerts about case {case_id}" in f.message for f in lost)
    assert all("reach the people another way" in f.remedy for f in lost)


def test_before_first_use_doctor_says_how_to_begin(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("STEMWISE_")}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "doctor"],
        env={**environment, "STEMWISE_HOME": str(tmp_path / "h"), "STEMWISE_KEY_FILE": str(tmp_path / "c" / "key")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "stemwise chat" in done.stderr
    assert not list(tmp_path.iterdir())


def test_every_name_a_check_can_give_is_planted_here() -> None:
    """A new check needs a planted fault."""
    source = Path(checks.__file__).read_text()
    names = set(re.findall(r'Finding\(\s*"([a-z ]+)"', source))
    planted = Path(__file__).read_text()
    assert {n for n in names if f'"{n}"' not in planted} <= {"instrument"}
