"""Rotating the key: everything opens with the new key and nothing with the old one, whenever the machine dies in between."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from installed import Installed, begin_intake, write_key
from sqlalchemy import select
from support.walker import Clinic, Walker

from flows.storage import keys, models, rotation
from flows.storage.keys import KeyFileError, MasterKey, SealError, read_key_file
from flows.storage.rotation import new_beside, old_beside, rotate


class PowerCut(BaseException):
    """The machine dies here."""


def give_key(clinic: Clinic, path: Path) -> None:
    """As after a new start: the clinic reads its key from the file."""
    clinic.master = read_key_file(path)
    clinic.restart()


@pytest.fixture
def here(clinic: Clinic) -> Installed:
    begin_intake(clinic)
    return Installed(clinic.folder)


def works(clinic: Clinic, here: Installed) -> None:
    """The data opens with the key file, cases and clinicians are found by their names, and the intake goes on."""
    give_key(clinic, here.key_file)
    with clinic.desk() as desk:
        clinicians = [c.id for c in desk.people.clinicians()]
        assert [c.label for c in desk.cases.find_cases("robin", clinicians)] == ["Robin"]
        assert desk.people.clinician_named("dr sample")
        assert desk.cases.is_label_taken(clinicians[0], "Robin")
    assert clinic.faults() == []
    with clinic.store.reading() as tx:
        assert set(tx.session.scalars(select(models.WrappedKey.master))) == {clinic.master.id}


def test_a_rotation_leaves_everything_readable_with_the_new_key_only(
    clinic: Clinic, here: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    old, said = here.master, clinic.said("Robin")
    with clinic.store.reading() as tx:
        wrapped = list(tx.session.scalars(select(models.WrappedKey.wrapped)))
        indexes = [
            *tx.session.scalars(select(models.Case.label_index)),
            *tx.session.scalars(select(models.Clinician.name_index)),
        ]
    assert here.run("db", "rotate-key") == 0
    assert "make a backup" in capsys.readouterr().out
    assert here.master.id != old.id
    works(clinic, here)
    assert clinic.said("Robin") == said
    assert read_key_file(old_beside(here.key_file)) == old
    assert not new_beside(here.key_file).exists()
    assert stat.S_IMODE(here.key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(old_beside(here.key_file).stat().st_mode) == 0o600
    clinic.close()
    stored = b"".join(p.read_bytes() for p in clinic.folder.glob("stemwise.db*"))
    assert not [value for value in (*wrapped, *indexes) if value in stored], "what the old key made is still in a file"
    clinic.master = old
    clinic.restart()
    with pytest.raises(SealError, match="STEMWISE_KEY_FILE"):
        clinic.cases()


def test_the_new_key_can_go_to_a_place_of_its_own(clinic: Clinic, here: Installed, folder: Path) -> None:
    old, place = here.master, folder / "other" / "key"
    assert here.run("db", "rotate-key", "--new-key-file", str(place)) == 0
    assert here.master == old
    here.key_file = place
    works(clinic, here)


def test_a_new_key_file_never_goes_over_a_file(
    clinic: Clinic, here: Installed, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "key").write_text("mine")
    assert here.run("db", "rotate-key", "--new-key-file", str(folder / "key")) == 2
    assert "is there already" in capsys.readouterr().err
    assert (folder / "key").read_text() == "mine"
    works(clinic, here)


def test_a_removed_clinicians_name_stays_free_after_a_rotation(clinic: Clinic, here: Installed) -> None:
    with clinic.desk() as desk:
        gone = desk.people.add_clinician("Dr Gone")
        desk.people.set_clinician_state(gone.id, "removed")
    assert here.run("db", "rotate-key") == 0
    give_key(clinic, here.key_file)
    with clinic.desk() as desk:
        assert desk.people.clinician_named("Dr Gone") is None
        desk.people.add_clinician("Dr Gone")


def test_a_second_rotation_asks_for_the_old_key_to_be_put_away(
    clinic: Clinic, here: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert here.run("db", "rotate-key") == 0
    assert here.run("db", "rotate-key") == 2
    assert "put the old key file away" in capsys.readouterr().err
    old_beside(here.key_file).unlink()
    assert here.run("db", "rotate-key") == 0
    works(clinic, here)


#: Where the machine dies: the function that is not come back from, before or after it did its work.
CUTS = [
    ("make_key_file", "before"),
    ("make_key_file", "after"),
    ("rewrap", "before"),
    ("rewrap", "after"),
    ("_swap", "before"),
    ("copy_key_file", "before"),
    ("copy_key_file", "after"),
    ("sync_folder", "before"),
]


@pytest.mark.parametrize(("name", "when"), CUTS)
def test_a_power_cut_at_any_moment_leaves_a_key_that_opens_the_data(
    clinic: Clinic, here: Installed, monkeypatch: pytest.MonkeyPatch, name: str, when: str
) -> None:
    real: Callable[..., object] = getattr(rotation, name)

    def cut(*arguments: object) -> object:
        if when == "after":
            real(*arguments)
        raise PowerCut

    said = clinic.said("Robin")
    with monkeypatch.context() as patched:
        patched.setattr(rotation, name, cut)
        patched.setattr(rotation, "_take_back", lambda *_: None)  # a dead machine takes nothing back
        with pytest.raises(PowerCut):
            rotate(clinic.store, here.master, here.key_file)
    with clinic.store.reading() as tx:
        wanted = set(tx.session.scalars(select(models.WrappedKey.master)))
    there = {read_key_file(p).id for p in (here.key_file, new_beside(here.key_file)) if p.exists()}
    assert len(wanted) == 1, "keys under two masters"
    assert wanted <= there, "no key file opens the data"
    if name != "sync_folder":  # there it was all but over
        assert here.run("db", "rotate-key") == 0  # goes on where it was cut off, or begins anew
    works(clinic, here)
    assert clinic.said("Robin") == said


@pytest.mark.parametrize(
    "command",
    [
        ("cases",),
        ("flags",),
        ("clinician", "list"),
        ("export", "Robin", "--format", "json", "--out", "x.json"),
        ("erase", "Robin", "--yes"),
        ("invite", "Robin", "--who", "carer"),
        ("db", "upgrade"),
        ("db", "backup", "--out", "x.backup"),
        ("db", "check"),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_after_a_rotation_that_was_cut_off_every_command_says_how_to_end_it(
    clinic: Clinic,
    here: Installed,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    command: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(rotation, "_swap", lambda _: None)
        rotate(clinic.store, here.master, here.key_file)
    assert here.run(*command) == 1
    said = capsys.readouterr().err
    assert "a rotation was cut off" in said
    assert "run: stemwise db rotate-key" in said
    assert not list(tmp_path.glob("x.*"))
    assert here.run("db", "rotate-key") == 0
    works(clinic, here)


def test_a_wrong_key_beside_the_key_file_is_no_rotation_that_was_cut_off(
    clinic: Clinic, here: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    write_key(here.key_file, b"w" * 32)
    write_key(new_beside(here.key_file), b"v" * 32)
    assert here.run("cases") == 1
    assert "STEMWISE_KEY_FILE" in capsys.readouterr().err
    new_beside(here.key_file).write_text("broken")
    assert here.run("cases") == 1
    assert "rotation" not in capsys.readouterr().err


def test_an_error_takes_the_new_key_back_and_leaves_the_data_as_it_was(
    clinic: Clinic, here: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = here.master

    def fail(*_: object) -> int:
        raise SealError("a sealed value does not open")

    with monkeypatch.context() as patched:
        patched.setattr(rotation, "rewrap", fail)
        assert here.run("db", "rotate-key") == 1
    assert not new_beside(here.key_file).exists()
    assert here.master == before
    works(clinic, here)


def test_with_a_wrong_key_file_nothing_is_rotated(
    clinic: Clinic, here: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    good = here.key_file.read_bytes()
    write_key(here.key_file, b"w" * 32)
    assert here.run("db", "rotate-key") == 1
    assert "STEMWISE_KEY_FILE" in capsys.readouterr().err
    here.key_file.write_bytes(good)
    works(clinic, here)


def test_a_program_with_the_old_key_cannot_write_after_a_rotation(clinic: Clinic, here: Installed) -> None:
    walker = Walker(clinic, "1")
    walker.may_fail = True
    assert here.run("db", "rotate-key") == 0
    with pytest.raises(SealError):
        walker._take("command", action="new")
    works(clinic, here)


def test_a_key_never_shows_in_words(clinic: Clinic, here: Installed) -> None:
    secret = here.master.secret
    assert secret.hex() not in repr(here.master)
    assert repr(secret) not in repr(here.master)


def test_backup_keys_differ_by_salt_and_from_every_other_key() -> None:
    master = MasterKey(b"k" * 32)
    derived = {
        master.backup_key(b"a"),
        master.backup_key(b"b"),
        master._derived("wrap"),
        master._derived("backup"),
        master.secret,
    }
    assert len(derived) == 5


def test_a_copied_key_file_is_whole_and_private(tmp_path: Path) -> None:
    key = keys.make_key_file(tmp_path / "key")
    (tmp_path / "copy.part").write_text("left by a crash")
    keys.copy_key_file(tmp_path / "key", tmp_path / "copy")
    assert read_key_file(tmp_path / "copy") == key
    (tmp_path / "copy").chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_key_file(tmp_path / "copy")


def test_an_empty_new_key_is_no_rotation_and_in_nobodys_way(clinic: Clinic, here: Installed) -> None:
    """As a full disk leaves it, or an end right after the file was made."""
    new_beside(here.key_file).touch(mode=0o600)
    works(clinic, here)
    old = here.master
    assert here.run("db", "rotate-key") == 0
    assert here.master.id != old.id
    works(clinic, here)
    assert not new_beside(here.key_file).exists()
