"""The file operations of a program, recorded with strace: what was written where, and up to where it was synced."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["write", "truncate", "sync", "unlink"]
CALLS = "pwrite64,pwritev,pwritev2,write,writev,ftruncate,fsync,fdatasync,unlink,unlinkat,rename,mmap"
_LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) = (-?\d+)")
_FD = re.compile(r"^\d+<([^>]*)>")
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>")


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing done to one file; `data` of a write, `at` its offset or a truncation's length."""

    kind: Kind
    file: str
    at: int = 0
    data: bytes = b""


def is_available() -> bool:
    """Whether a program can be traced here at all."""
    strace = shutil.which("strace")
    return (
        strace is not None and subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True).returncode == 0
    )


def recorded(command: Sequence[str], folder: Path, environment: dict[str, str]) -> list[Operation]:
    """Run a command; what it did to the files of a folder, in order.

    Raises
    ------
    ValueError
        When it changed one of them in a way that is not understood, so that a replay would not be the truth.
    """
    log = folder / "strace.log"
    options = ["-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(log)]
    subprocess.run(["strace", *options, *command], env=environment, check=True, timeout=280, cwd=folder)
    with log.open() as lines:
        return list(_operations(_whole(lines), folder))


def _whole(lines: Iterator[str]) -> Iterator[str]:
    """Calls that another thread interrupted, put together again where they ended."""
    begun: dict[str, str] = {}
    for line in lines:
        line = line.rstrip("\n")
        if line.endswith(_UNFINISHED):
            begun[line.split()[0]] = line.removesuffix(_UNFINISHED)
        elif resumed := _RESUMED.match(line):
            yield begun.pop(resumed[1]) + line[resumed.end() :].lstrip(" ")
        else:
            yield line


def _operations(lines: Iterator[str], folder: Path) -> Iterator[Operation]:
    for line in lines:
        found = _LINE.match(line)
        if found is None or found[3].startswith("-"):
            continue
        name, arguments = found[1], found[2]
        if name in ("unlink", "unlinkat", "rename"):
            if path := _inside(_text(arguments).decode(errors="replace"), folder):
                yield _checked_unlink(name, path)
            continue
        opened = _FD.match(arguments)
        path = _inside(_unescaped(opened[1]).decode(), folder) if opened else ""
        if path and (operation := _on_file(name, path, arguments, int(found[3]))):
            yield operation


def _checked_unlink(name: str, path: str) -> Operation:
    if name == "rename":
        raise ValueError(f"{path} was renamed, which no replay here understands")
    return Operation("unlink", path)


def _on_file(name: str, path: str, arguments: str, result: int) -> Operation | None:
    """What a call did to an open file."""
    numbers = re.findall(r", (\d+)", arguments)
    if name == "pwrite64":
        return Operation("write", path, int(numbers[-1]), _text(arguments)[:result])
    if name == "write":
        return Operation("write", path, -1, _text(arguments)[:result])
    if name == "ftruncate":
        return Operation("truncate", path, int(numbers[-1]))
    if name in ("fsync", "fdatasync"):
        return Operation("sync", path)
    if name == "mmap":  # only the index of the log is mapped, which is made anew after a crash
        return None
    raise ValueError(f"{name} on {path}, which no replay here understands")


def _inside(path: str, folder: Path) -> str:
    """The file's name where it lies in the folder, else empty."""
    return Path(path).name if Path(path).parent == folder else ""


def _text(arguments: str) -> bytes:
    """The first quoted argument."""
    return _unescaped(arguments.partition('"')[2].partition('"')[0])


def _unescaped(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
