"""Seal texts that name people, by keys that can be changed and thrown away."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import HarvestlaneError
from schemas.model import format_time, parse_time

_NONCE_BYTES = 12
_KEY_BYTES = 32
_FORM = "hls1"


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes
    ----------
    key_id
        Stands in every text that it seals.
    use
        What it seals, such as `person`.
    made
        When it was drawn.
    secret
        Its 32 bytes.
    """

    key_id: str
    use: str
    made: datetime
    secret: bytes


def _now() -> datetime:
    return datetime.now(UTC)


class KeyRing:
    """Hold the keys of one stack; what was sealed by a key that is gone can be read by nobody.

    Texts are sealed by AES-256-GCM together with what they are about, so that none can be moved
    to where it does not belong.

    Parameters
    ----------
    path
        The file of the keys, readable by its owner only; without one they live in memory.
    now
        Tells the time.
    """

    def __init__(self, path: Path | None = None, now: Callable[[], datetime] = _now) -> None:
        self._path = path
        self._now = now
        self._keys: dict[str, Key] = {}
        self._read()

    def seal(self, use: str, text: bytes, about: str) -> str:
        """Seal a text by the newest key of its use; draw the first one where there is none.

        Parameters
        ----------
        use
            What it is for, such as `person`.
        text
            What is sealed.
        about
            What it is about; has to be told again to read it.
        """
        key = self.newest(use) or self.turn(use)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(key.secret).encrypt(nonce, text, f"{use} {about}".encode())
        return f"{_FORM}.{key.key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def unseal(self, use: str, sealed: str, about: str) -> bytes | None:
        """Read a sealed text; None where its key was thrown away.

        Parameters
        ----------
        use, sealed, about
            As in `seal`.

        Raises
        ------
        HarvestlaneError
            The text was changed, or is about something else.
        """
        form, _, rest = sealed.partition(".")
        key_id, _, body = rest.partition(".")
        if form != _FORM or not body:
            raise HarvestlaneError("this is no sealed text")
        if key_id not in self._keys:
            self._read()  # another process may have drawn it
        key = self._keys.get(key_id)
        if key is None:
            return None
        raw = base64.urlsafe_b64decode(body)
        try:
            aad = f"{use} {about}".encode()
            return AESGCM(key.secret).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], aad)
        except InvalidTag:
            raise HarvestlaneError("a sealed text was changed or moved") from None

    def newest(self, use: str) -> Key | None:
        """Return the key that seals now; None where none was drawn."""
        return max((key for key in self._of(use)), key=lambda key: key.made, default=None)

    def turn(self, use: str, *, at: datetime | None = None) -> Key:
        """Draw a new key, which seals from now on; older ones still read.

        Parameters
        ----------
        use
            What it seals.
        at
            When; None for now.
        """
        made = at or self._now()
        key = Key(secrets.token_hex(4), use, made, secrets.token_bytes(_KEY_BYTES))
        self._read()
        self._keys[key.key_id] = key
        self._write()
        return key

    def forget(self, use: str, before: datetime) -> int:
        """Throw away keys that were drawn before a time, but never the newest.

        Parameters
        ----------
        use
            What they seal.
        before
            The time.

        Returns
        -------
        int
            How many were thrown away.
        """
        newest = self.newest(use)
        gone = [key for key in self._of(use) if key.made < before and key is not newest]
        for key in gone:
            del self._keys[key.key_id]
        if gone:
            self._write()
        return len(gone)

    def sealed_by(self, sealed: str) -> str:
        """Return the id of the key that sealed a text."""
        return sealed.split(".")[1]

    def _of(self, use: str) -> list[Key]:
        return [key for key in self._keys.values() if key.use == use]

    def _read(self) -> None:
        if self._path is None:
            return
        with contextlib.suppress(FileNotFoundError):
            for doc in orjson.loads(self._path.read_bytes())["keys"]:
                secret = base64.b64decode(doc["secret"])
                key = Key(doc["id"], doc["use"], parse_time(doc["made"]), secret)
                self._keys[key.key_id] = key

    def _write(self) -> None:
        if self._path is None:
            return
        docs = [
            {
                "id": key.key_id,
                "use": key.use,
                "made": format_time(key.made),
                "secret": base64.b64encode(key.secret).decode(),
            }
            for key in self._keys.values()
        ]
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps({"keys": docs}, option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
