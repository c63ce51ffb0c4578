"""Keep passwords as argon2id hashes, compare them in threads, and refuse those that are guessed."""

from __future__ import annotations

import asyncio
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import Type

from api.problems import Flaw, Problem

SHORTEST, LONGEST = 12, 256
"""How many characters a password has."""

_AT_ONCE = 2
"""Each comparison takes 19 MiB and a core: many at once would be a way to stop everything else."""
_RATED = 72  # characters: rating takes longer than in proportion, and no such password is guessed
_TOO_EASY = 2  # zxcvbn's score of what takes a million tries
_KNOWN_WORDS = (
    *("harvestlane", "password", "matkhau", "anhyeuem", "emyeuanh", "vietnam", "saigon"),
    *("kiengiang", "camau", "cantho", "dieuphoi", "admin", "administrator", "chotkiemsoat"),
)
"""Words that people here would choose, beside those that zxcvbn knows."""

# OWASP's Password Storage Cheat Sheet (2025): argon2id, 19 MiB, two passes, one lane
_HASHER = PasswordHasher(
    time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)


class Passwords:
    """Hash and compare, a few at once."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Return a password's hash, with its parameters and salt.

        Parameters
        ----------
        password
            As it was typed.
        """
        async with self._turns:
            return await asyncio.to_thread(_HASHER.hash, _normal(password))

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Tell whether a password is the right one; without a hash it is not, as slowly.

        Parameters
        ----------
        password_hash
            What is kept; None for somebody who does not exist or has set none.
        password
            As it was typed.
        """
        if self._nobodys is None:
            self._nobodys = await self.hash("nobody's")
        async with self._turns:
            kept = password_hash or self._nobodys
            is_right = await asyncio.to_thread(_verified, kept, _normal(password))
        return is_right and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def refuse_weak(password: str, login: str) -> None:
    """Refuse a password that is short, or among those that are tried first.

    What it is composed of is everybody's own business (NIST SP 800-63B-4, 3.1.1.2).

    Parameters
    ----------
    password
        As it was typed.
    login
        The log-in name of whoever wants it.

    Raises
    ------
    Problem
        `password_weak`.
    """
    normal = _normal(password)
    if not SHORTEST <= len(normal) <= LONGEST:
        raise _weak(f"a password has {SHORTEST} to {LONGEST} characters")
    if login in normal.lower() and len(normal) < len(login) + SHORTEST:
        raise _weak("a password does not stand on the log-in name")
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its word lists are needed once in a long while

    rated = zxcvbn(normal[:_RATED], user_inputs=[*_KNOWN_WORDS, login])
    if rated["score"] < _TOO_EASY:
        raise _weak("this is among the first passwords that are tried; a few words are better")


def _weak(why: str) -> Problem:
    flaw = Flaw(pointer="#/password", message=why, code="password_weak")
    return Problem("password_weak", why, errors=[flaw])


def _normal(password: str) -> str:
    """Compose characters: one keyboard types `ậ` as one, another as three."""
    return unicodedata.normalize("NFKC", password)


def _verified(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False
