"""Make, verify and take away the keys of machines."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from api.kept import Kept
from api.problems import Problem
from api.tokens import Actor
from schemas.identity import ApiKey, Device, Rights

TOPIC = "identity.key.v1"
PREFIX = "hlk_"
"""How every key begins, so that scanners of leaked secrets find it."""
LONGEST = timedelta(days=366)

POSITION = "truck.position_reported"
"""All that a device may report."""

_FORM = re.compile(r"hlk_([0-9a-z]{16})_([0-9a-f]{64})([0-9a-f]{8})", re.ASCII)


class Keys:
    """Hold the keys of machines; of each, only the SHA-256 of its secret is known.

    Parameters
    ----------
    kept
        Where they last.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def verify(self, text: str) -> Actor:
        """Tell whose key this is; nothing is written or asked of others.

        Parameters
        ----------
        text
            What the machine brought, `hlk_…`: as a bearer token, a password or a parameter.

        Returns
        -------
        Actor
            Its `scopes` and `truck_id` are checked by `api.rights.permit` and `within`.

        Raises
        ------
        Problem
            `unauthenticated`: it is mistyped, unknown, taken away or over. `not_ready`: the keys
            have not been read yet.
        """
        found = _FORM.fullmatch(text)
        if found is None or found[3] != _checksum(found[1], found[2]):
            raise Problem("unauthenticated", "this is no key: a part of it is missing or mistyped")
        key: ApiKey | None = self._kept.get(TOPIC, found[1])
        secret_hash = hashlib.sha256(found[2].encode()).hexdigest()
        if key is None or not hmac.compare_digest(secret_hash, key.secret_hash):
            raise Problem("unauthenticated", "this key is unknown here, or was taken away")
        return _actor(key)

    def standing(self, actor: Actor) -> bool:
        """Tell whether the key by which somebody was recognised is still one."""
        return actor.key_id is None or self._kept.get(TOPIC, actor.key_id) is not None

    def every(self) -> list[ApiKey]:
        """Return all keys, those that are over among them."""
        return list(self._kept.every(TOPIC).values())

    async def make(
        self,
        rights: Rights,
        *,
        made_by: str,
        holds: timedelta,
        scopes: Sequence[str] = (),
        device: Device | None = None,
        purpose: str = "",
    ) -> tuple[ApiKey, str]:
        """Make a key.

        Parameters
        ----------
        rights
            What it may be.
        made_by
            Who made it, `role:subject`.
        holds
            How long it holds.
        scopes
            What it is narrowed to: event types and `read`; none for all that its role may.
        device
            Which truck's positions it reports, and nothing else.
        purpose
            What it is for, for people.

        Returns
        -------
        tuple
            What is kept, and the key itself, which nobody can tell again.

        Raises
        ------
        Problem
            `broker_unavailable`.
        """
        key_id = secrets.token_hex(8)
        secret = secrets.token_hex(32)
        now = datetime.now(UTC)
        key = ApiKey(
            key_id=key_id,
            purpose=purpose,
            secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
            role=rights.role,
            subject=rights.subject,
            regions=rights.regions,
            scopes=list(scopes),
            device=device,
            made_by=made_by,
            created_at=now,
            expires_at=now + holds,
        )
        await self._kept.put(TOPIC, key)
        return key, f"{PREFIX}{key_id}_{secret}{_checksum(key_id, secret)}"

    async def take_away(self, key_id: str) -> None:
        """Let a key open nothing any more.

        Raises
        ------
        Problem
            `not_found`, `broker_unavailable`.
        """
        if self._kept.get(TOPIC, key_id) is None:
            raise Problem("not_found", f"no key {key_id[:40]!r} is known")
        await self._kept.take_away(TOPIC, key_id)


def _actor(key: ApiKey) -> Actor:
    ends = key.expires_at.timestamp()
    if ends <= time.time():
        raise Problem("unauthenticated", "this key is over; have a new one made")
    scopes = [POSITION] if key.device else key.scopes
    return Actor(
        role=key.role,
        subject=key.subject,
        expires_at=ends,
        key_id=key.key_id,
        regions=None if key.regions is None else frozenset(key.regions),
        scopes=frozenset(scopes) or None,
        truck_id=key.device.truck_id if key.device else None,
    )


def _checksum(key_id: str, secret: str) -> str:
    return f"{zlib.crc32(f'{key_id}_{secret}'.encode()):08x}"
