"""Rotating the key file: a new master key wraps every key again, and what is found by a keyed digest is indexed again.

The order lets a crash at any moment leave a key file that opens the data. The new key is on the disk before the database names
it; the database changes in one transaction; only then do the files change places, and the old one stays as `.old`, because
backups made before need it. A run after a crash looks at the database, which alone knows whether the rotation happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Select, func, select

from flows.storage import models
from flows.storage.keys import (
    INSTALLATION,
    KeyFileError,
    MasterKey,
    copy_key_file,
    make_key_file,
    read_key_file,
    sync_folder,
)
from flows.storage.store import Store, Tx


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did.

    Attributes
    ----------
    key_file : where the new key lies
    old_key_file : where the old one lies, which opens backups made before
    keys : how many keys are wrapped by the new one
    was_finished : an earlier rotation had been cut off after its commit, and only the files were left to be moved
    """

    key_file: Path
    old_key_file: Path
    keys: int
    was_finished: bool = False


def new_beside(key_file: Path) -> Path:
    """Where a rotation writes the new key before it counts."""
    return key_file.with_name(key_file.name + ".new")


def old_beside(key_file: Path) -> Path:
    """Where a rotation leaves the old key."""
    return key_file.with_name(key_file.name + ".old")


def is_half_done(store: Store, key_file: Path) -> bool:
    """Whether a rotation was cut off after its commit: the data is sealed with the key beside the key file."""
    beside = new_beside(key_file)
    if not beside.exists() or beside.stat().st_size == 0:  # a key is on the disk before anything is sealed with it
        return False
    new = read_key_file(beside)
    with store.reading() as tx:
        return tx.session.scalar(_of_master(new)) != 0


def why_it_does_not_open(store: Store, key_file: Path) -> str | None:
    """What to say where the data does not open with the key file because a rotation was cut off; `None` where it was not."""
    try:
        if not is_half_done(store, key_file):
            return None
    except KeyFileError:
        return None
    return f"a rotation was cut off: {new_beside(key_file)} opens the data; run: stemwise db rotate-key"


def _of_master(master: MasterKey) -> Select[int]:
    return select(func.count()).select_from(models.WrappedKey).where(models.WrappedKey.master == master.id)


def rotate(store: Store, old: MasterKey, key_file: Path, new_key_file: Path | None = None) -> Rotated:
    """Give the data a new master key.

    Parameters
    ----------
    store : opened with `old`, the key in `key_file`
    new_key_file : where the new key shall stay; without it, it takes the place of the old one

    Raises
    ------
    KeyFileError
        When a file is in the way.
    SealError
        When a key does not open with the old key file; nothing was changed then.
    """
    beside, kept = new_beside(key_file), old_beside(key_file)
    if new_key_file is not None:
        if new_key_file.exists():
            raise KeyFileError(f"{new_key_file}: is there already; name a file that is not")
        new = make_key_file(new_key_file)
        try:
            with store.transaction() as tx:
                count = rewrap(tx, old, new)
        except BaseException:
            _take_back(store, new, new_key_file)
            raise
        return Rotated(new_key_file, key_file, count)
    if is_half_done(store, key_file):
        with store.reading() as tx:
            count = tx.session.scalar(_of_master(read_key_file(beside))) or 0
        _swap(key_file)
        return Rotated(key_file, kept, count, was_finished=True)
    if kept.exists():
        raise KeyFileError(
            f"{kept}: is there from an earlier rotation; make a backup with the present key, put the old key file away"
            " with the backups it opens, then run this again"
        )
    beside.unlink(missing_ok=True)  # from a rotation that was cut off before its commit: it has sealed nothing
    new = make_key_file(beside)
    try:
        with store.transaction() as tx:
            count = rewrap(tx, old, new)
    except BaseException:
        _take_back(store, new, beside)
        raise
    _swap(key_file)
    return Rotated(key_file, kept, count)


def _take_back(store: Store, new: MasterKey, path: Path) -> None:
    """Remove a new key that counts for nothing; kept where the database cannot be asked, since a commit may have come through."""
    with store.reading() as tx:
        is_unused = tx.session.scalar(_of_master(new)) == 0
    if is_unused:
        path.unlink(missing_ok=True)


def _swap(key_file: Path) -> None:
    """The new key takes the old one's place; at every moment both are on the disk, and a file is where the key is looked for."""
    kept = old_beside(key_file)
    if not kept.exists():
        copy_key_file(key_file, kept)
    new_beside(key_file).replace(key_file)
    sync_folder(key_file.parent)


def rewrap(tx: Tx, old: MasterKey, new: MasterKey) -> int:
    """Wrap every key by the new master, and index again what is found by its digest; gives how many keys."""
    for clinician in tx.session.scalars(select(models.Clinician).where(models.Clinician.state != "removed")):
        name = tx.unseal(INSTALLATION, clinician.sealed_name, "clinicians", clinician.id, "name")
        clinician.name_index = new.index("clinician", name)
    for case in tx.session.scalars(select(models.Case)):
        label = tx.unseal(case.id, case.sealed_label, "cases", case.id, "label")
        case.label_index = new.index("label", case.clinician_id, label)
    count = 0
    for row in tx.session.scalars(select(models.WrappedKey)):  # last: what stands above is opened with the old wrapping
        row.wrapped, row.master = new.wrap(old.unwrap(row.wrapped, row.owner), row.owner), new.id
        count += 1
    tx.audit("operator", "key.rotated")
    tx.session.flush()
    return count
