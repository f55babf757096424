"""Keys: one file outside the data wraps a key per case; values are sealed to the place they stand in.

AES-256-GCM throughout (the `cryptography` library). A sealed value carries its nonce; its associated data names table, row
and column, so that a value cannot be moved to another row and still open. Destroying a case's wrapped key makes every
value of the case unreadable.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
HEADER = "stemwise-key/1"
#: Owner of the key for what belongs to no case.
INSTALLATION = "installation"


class KeyFileError(Exception):
    """The key file is missing, malformed or open to others; the message names the remedy."""


class SealError(Exception):
    """A sealed value does not open: wrong key file, or a value that was moved or changed."""


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, value: Any, *place: str) -> bytes:
    """`value` (JSON) sealed to its place (table, row id, column)."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return nonce + AESGCM(key).encrypt(nonce, plain, _place(place))


def unseal(key: bytes, sealed: bytes, *place: str) -> Any:
    """What `seal` was given, from the same place.

    Raises
    ------
    SealError
        When the key is another one, or the value was changed or moved.
    """
    try:
        return json.loads(AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place(place)))
    except InvalidTag:
        raise SealError(f"a sealed value in {place[0]} does not open with this key file") from None


def _place(parts: tuple[str, ...]) -> bytes:
    return "\x1f".join(parts).encode()


@dataclass(frozen=True, slots=True)
class MasterKey:
    """The key in the key file: wraps other keys and indexes what must be found without being read."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """A name for the key that tells nothing about it."""
        return hashlib.sha256(b"stemwise key id" + self.secret).hexdigest()[:12]

    def _derived(self, purpose: str) -> bytes:
        return hmac.digest(self.secret, f"stemwise {purpose}".encode(), "sha256")

    def wrap(self, key: bytes, owner: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self._derived("wrap")).encrypt(nonce, key, _place(("keys", owner)))

    def unwrap(self, wrapped: bytes, owner: str) -> bytes:
        try:
            opened = AESGCM(self._derived("wrap")).decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _place(("keys", owner))
            )
        except InvalidTag:
            raise SealError(
                "the data was sealed with another key file; set STEMWISE_KEY_FILE to the right one"
            ) from None
        return opened

    def backup_key(self, salt: bytes) -> bytes:
        """The key of one backup: another one for each salt, so that chunks can be numbered instead of given a random nonce."""
        return hmac.digest(self._derived("backup"), salt, "sha256")

    def index(self, kind: str, *parts: str) -> bytes:
        """A keyed digest by which a sealed text can be found: equal texts of one scope give equal digests."""
        folded = [unicodedata.normalize("NFKC", p).casefold().strip() for p in parts]
        return hmac.digest(self._derived(f"index {kind}"), _place(tuple(folded)), "sha256")


def token_hash(token: str) -> bytes:
    """What is stored of a code or an invitation; 128 random bits need no salt."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()  # a link may hold half a character


def new_token(prefix: str) -> str:
    """A code or invitation of 160 random bits, at most 64 characters, safe in a link."""
    return prefix + base64.b32encode(secrets.token_bytes(20)).decode().lower()


def read_key_file(path: Path) -> MasterKey:
    """The key in a key file.

    Raises
    ------
    KeyFileError
        When it is missing, can be read by others, or is not a key file.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii").split()
    except FileNotFoundError:
        raise KeyFileError(f"{path}: there is no key file; restore your copy, or set STEMWISE_KEY_FILE") from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: cannot be read ({type(error).__name__}); check its owner and rights") from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise KeyFileError(f"{path}: other users can read it; run: chmod 600 {path}")
    if len(text) != 2 or text[0] != HEADER:
        raise KeyFileError(f"{path}: is not a Stemwise key file; restore your copy")
    try:
        secret = base64.b64decode(text[1], validate=True)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise KeyFileError(f"{path}: the key in it is broken; restore your copy")
    return MasterKey(secret)


def make_key_file(path: Path) -> MasterKey:
    """A new key file, 0600 in a 0700 folder, on the disk before this returns; never over an old one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = new_key()
    _write_private(path, f"{HEADER} {base64.b64encode(secret).decode()}\n".encode())
    sync_folder(path.parent)
    return MasterKey(secret)


def copy_key_file(path: Path, to: Path) -> None:
    """A second copy of a key file, whole or not at all."""
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)
    _write_private(part, path.read_bytes())
    part.replace(to)
    sync_folder(to.parent)


def _write_private(path: Path, content: bytes) -> None:
    """A file that was not there, only its owner's, on the disk before this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make names that were given or moved in a folder outlast a power cut."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
