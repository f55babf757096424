"""What is written to the disk: private, whole, and in private folders."""

from __future__ import annotations

from pathlib import Path

from bot.outputs import write_all, write_private


def test_what_is_written_is_private_where_something_open_stood_and_in_folders_that_were_not_there(
    tmp_path: Path,
) -> None:
    stood = tmp_path / "open.png"
    stood.write_bytes(b"old")
    stood.chmod(0o644)
    write_private(stood, b"new")
    assert stood.read_bytes() == b"new"
    made = write_all(tmp_path / "results" / "case" / "day", [("a.txt", lambda: b"a")])
    for path in (stood, *made, *made[0].parents[:3]):
        assert path.stat().st_mode & 0o077 == 0, path
