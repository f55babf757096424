"""A key file as the program writes it, for an installation that a proof has made."""

from __future__ import annotations

import base64
from pathlib import Path

from flows.storage.keys import HEADER


def write_key(path: Path, secret: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(f"{HEADER} {base64.b64encode(secret).decode()}\n")
    path.chmod(0o600)
