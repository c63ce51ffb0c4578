"""Keep the keys and lists of passes in one folder: private keys for the owner's eyes only."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from schemas.errors import PassError

if TYPE_CHECKING:
    from schemas.passes.keys import Algorithm, PublicKey, SigningKey, Trust
    from schemas.passes.lists import Bulletin, Revocations

_SECRET_MODE, _PUBLIC_MODE = 0o600, 0o644
ListName = Literal["revocations", "bulletin"]


@dataclass(frozen=True, slots=True)
class Store:
    """One folder with `trust.json`, `KID.pem`, `revocations.txt` and `bulletin.txt`.

    A verifier's folder holds no `.pem`. Every file is written beside its place and then moved
    there, so that nobody ever reads half of one.
    """

    folder: Path

    @property
    def trust_path(self) -> Path:
        """Name the file with the public keys and their dates."""
        return self.folder / "trust.json"

    def trust(self) -> Trust:
        """Read the keys that are believed; none where there is no file.

        Raises
        ------
        PassError
            The file holds something else.
        """
        from schemas.passes.keys import Trust  # noqa: PLC0415 - heavy

        return read_trust(self.trust_path) if self.trust_path.exists() else Trust.of(())

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let nobody else change keys or lists between reading and writing them."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def add(
        self, alg: Algorithm, *, issuer: str, now: datetime, until: datetime | None
    ) -> PublicKey:
        """Draw a key and keep it.

        Parameters
        ----------
        alg, issuer
            What it signs with, and for whom.
        now, until
            Between which moments it may sign.
        """
        from schemas.passes.keys import new_key  # noqa: PLC0415 - heavy

        key = new_key(alg, issuer=issuer, valid_from=now, valid_until=until)
        keys = dict(self.trust().keys)
        self._write(f"{key.public.kid.hex()}.pem", _pem(key), _SECRET_MODE)
        self._write_trust(keys | {key.public.kid: key.public})
        return key.public

    def retire(self, kid: str, *, now: datetime, withdraw: bool) -> PublicKey:
        """Let a key sign no longer; what it signed still counts, unless it is withdrawn.

        Parameters
        ----------
        kid
            Which key, in hexadecimal.
        now
            From when on.
        withdraw
            Whether nothing that it ever signed counts any more: it is in wrong hands.

        Raises
        ------
        PassError
            There is no such key.
        """
        keys = dict(self.trust().keys)
        key = next((one for one in keys.values() if one.kid.hex() == kid), None)
        if key is None:
            raise PassError(f"no key {kid} in {self.folder}; `pass keys list` names them")
        until = now if key.valid_until is None else min(now, key.valid_until)
        until = max(until, key.valid_from + timedelta(seconds=1))
        keys[key.kid] = replace(key, valid_until=until, withdrawn=key.withdrawn or withdraw)
        self._write_trust(keys)
        return keys[key.kid]

    def signing_key(self, now: datetime, *, kid: str | None = None) -> SigningKey:
        """Give the newest key that may sign at a moment.

        Parameters
        ----------
        now
            The moment.
        kid
            Only this key.

        Raises
        ------
        PassError
            There is none, or its private half is not here.
        """
        keys = [key for key in self.trust().keys.values() if _may_sign(key, now)]
        named = [key for key in keys if kid in (None, key.kid.hex())]
        mine = [key for key in named if self._pem_path(key).exists()]
        if not mine:
            raise PassError(
                f"no key in {self.folder} may sign at that time; `harvestlane pass keys new "
                "--issuer NAME` makes one"
            )
        return self._load(max(mine, key=lambda key: (key.valid_from, key.kid)))

    def held(self, name: ListName) -> str | None:
        """Give the text of a list, or None where there is none yet."""
        path = self.folder / f"{name}.txt"
        return path.read_text(encoding="ascii").strip("\r\n") if path.exists() else None

    def own_revocations(self) -> Revocations | None:
        """Read the list that this issuer goes on from, even if its key was withdrawn since."""
        from schemas.passes.lists import read_revocations  # noqa: PLC0415 - heavy

        text = self.held("revocations")
        return None if text is None else read_revocations(text, self._own_trust())

    def own_bulletin(self) -> Bulletin | None:
        """Read the bulletin that this issuer goes on from, even if its key was withdrawn since."""
        from schemas.passes.lists import read_bulletin  # noqa: PLC0415 - heavy

        text = self.held("bulletin")
        return None if text is None else read_bulletin(text, self._own_trust())

    def put(self, name: ListName, text: str) -> Path:
        """Keep a list that was read, verified and found newer.

        Parameters
        ----------
        name
            Which list.
        text
            It, signed.
        """
        return self._write(f"{name}.txt", (text + "\n").encode("ascii"), _PUBLIC_MODE)

    def _own_trust(self) -> Trust:
        from schemas.passes.keys import Trust  # noqa: PLC0415

        return Trust.of(replace(key, withdrawn=False) for key in self.trust().keys.values())

    def _pem_path(self, key: PublicKey) -> Path:
        return self.folder / f"{key.kid.hex()}.pem"

    def _load(self, key: PublicKey) -> SigningKey:
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
            load_pem_private_key,
        )

        from schemas.passes.keys import SigningKey, signing_key  # noqa: PLC0415

        path = self._pem_path(key)
        if path.stat().st_mode & 0o077:
            raise PassError(f"others may read {path}; `chmod 600` it, and think of a new key")
        try:
            private: Any = load_pem_private_key(path.read_bytes(), None)
            found = signing_key(private, issuer=key.issuer, valid_from=key.valid_from)
        except (ValueError, TypeError, AttributeError) as error:
            raise PassError(f"{path} holds no private key: {error}") from None
        if found.public.kid != key.kid:
            raise PassError(f"{path} holds another key than {key.kid.hex()}")
        return SigningKey(key, found.private)

    def _write_trust(self, keys: dict[bytes, PublicKey]) -> None:
        from schemas.passes.keys import Trust  # noqa: PLC0415

        text = json.dumps(Trust(keys).to_doc(), ensure_ascii=False, indent=2)
        self._write("trust.json", (text + "\n").encode(), _PUBLIC_MODE)

    def _write(self, name: str, data: bytes, mode: int) -> Path:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return draft.replace(self.folder / name)


def read_trust(path: Path) -> Trust:
    """Read a file of public keys.

    Raises
    ------
    PassError
        It holds something else.
    """
    from schemas.passes.errors import Unreadable  # noqa: PLC0415
    from schemas.passes.keys import Trust  # noqa: PLC0415

    try:
        return Trust.from_doc(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, Unreadable) as error:
        raise PassError(f"{path}: {error}") from None


def _may_sign(key: PublicKey, now: datetime) -> bool:
    ended = key.valid_until is not None and key.valid_until <= now
    return not key.withdrawn and key.valid_from <= now and not ended


def _pem(key: SigningKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
