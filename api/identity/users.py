"""Keep the users of the built-in store: who they are, and how they log in."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.identity.passwords import Passwords, is_outdated, refuse_weak
from api.kept import Kept
from api.problems import Flaw, Problem
from api.tokens import FIRST_LOGIN_S, Actor, make_token
from schemas.identity import Rights, User
from schemas.model import Fact

TOPIC = "identity.user.v1"


@dataclass(frozen=True, slots=True)
class FirstLogin:
    """A user who has yet to set a password, and the code that lets them do so once."""

    user: User
    code: str


class Users:
    """Hold the users.

    Parameters
    ----------
    kept
        Where they last.
    secret
        The stack's signing secret.
    """

    def __init__(self, kept: Kept, secret: bytes) -> None:
        self._kept = kept
        self._secret = secret
        self._passwords = Passwords()
        self._ids: dict[str, str] = {}
        kept.listen(TOPIC, self._heard)

    def get(self, user_id: str) -> User:
        """Return a user.

        Raises
        ------
        Problem
            `not_found`, `not_ready`.
        """
        user: User | None = self._kept.get(TOPIC, user_id)
        if user is None:
            raise Problem("not_found", f"no user {user_id[:40]!r} is known")
        return user

    def every(self) -> list[User]:
        """Return all users, by log-in name."""
        return sorted(self._kept.every(TOPIC).values(), key=lambda user: user.login)

    async def add(self, login: str, rights: Rights) -> FirstLogin:
        """Add a user.

        Parameters
        ----------
        login
            The name to log in by.
        rights
            What the user may be.

        Raises
        ------
        Problem
            `login_taken`, `broker_unavailable`, `not_ready`.
        """
        async with self._kept.lock(TOPIC, f"login:{login}"):
            self._kept.refuse_partial()
            if login in self._ids:
                flaw = Flaw(pointer="#/login", message="is taken", code="login_taken")
                raise Problem("login_taken", "somebody has this log-in name", errors=[flaw])
            now = datetime.now(UTC)
            user = User(
                user_id=f"u-{uuid.uuid4().hex[:16]}",
                login=login,
                role=rights.role,
                subject=rights.subject,
                regions=rights.regions,
                code_id=uuid.uuid4().hex,
                created_at=now,
                changed_at=now,
                sessions_from=now,
            )
            await self._kept.put(TOPIC, user)
        return self._first_login(user)

    async def change(self, user_id: str, **fields: Any) -> User:
        """Change what a user may be; all of the user's sessions are over where anything changed.

        Parameters
        ----------
        user_id
            Whom.
        **fields
            `role`, `subject`, `regions` or `status`, as they are to be.

        Raises
        ------
        Problem
            `not_found`, `broker_unavailable`, `not_ready`.
        """
        async with self._kept.lock(TOPIC, user_id):
            user = self.get(user_id)
            now = datetime.now(UTC)
            wanted = {**user.model_dump(), **fields}
            if wanted == user.model_dump():
                return user
            changed = User.model_validate(wanted | {"changed_at": now, "sessions_from": now})
            await self._kept.put(TOPIC, changed)
        return changed

    async def reset(self, user_id: str) -> FirstLogin:
        """Take a user's password and sessions away and let them set another one.

        Parameters
        ----------
        user_id
            Whom.

        Raises
        ------
        Problem
            `not_found`, `broker_unavailable`, `not_ready`.
        """
        changed = await self.change(
            user_id, password_hash=None, must_change_password=True, code_id=uuid.uuid4().hex
        )
        return self._first_login(changed)

    async def recognise(self, login: str, password: str) -> User | None:
        """Return who has this name and password; None, after as long, where nobody has.

        Parameters
        ----------
        login, password
            As they were typed.
        """
        self._kept.refuse_partial()
        user = self._named(login)
        kept_hash = user.password_hash if user else None
        if not await self._passwords.matches(kept_hash, password):
            return None
        if user is None or kept_hash is None or user.status != "active":
            return None
        if is_outdated(kept_hash):
            await self._rehash(user, password)
        return user

    def may_take(self, actor: Actor, password: str) -> User:
        """Return who wants a new password, if the store knows them and it is a good one.

        Parameters
        ----------
        actor
            Who is logged in.
        password
            The new one.

        Raises
        ------
        Problem
            `forbidden`, `password_weak`, `not_ready`.
        """
        user: User | None = self._kept.get(TOPIC, actor.user_id or "")
        if user is None:
            raise Problem("forbidden", "this log-in has no password here")
        refuse_weak(password, user.login)
        return user

    async def set_password(self, user: User, password: str, current: str | None) -> User:
        """Set a user's password; the user's sessions are over.

        Parameters
        ----------
        user
            Who wants it.
        password
            The new one.
        current
            The one until now; needed but for the first.

        Raises
        ------
        Problem
            `login_refused`, `broker_unavailable`, `not_ready`.
        """
        if not user.must_change_password and not await self._passwords.matches(
            user.password_hash, current or ""
        ):
            flaw = Flaw(pointer="#/current", message="is not the password", code="login_refused")
            raise Problem("login_refused", "the present password is another", errors=[flaw])
        return await self.change(
            user.user_id,
            password_hash=await self._passwords.hash(password),
            must_change_password=False,
            code_id=None,
        )

    def first(self, login: Actor) -> User:
        """Return the user whom a first log-in code was made for, while it is the newest.

        Parameters
        ----------
        login
            What the code says.

        Raises
        ------
        Problem
            `code_refused`.
        """
        user: User | None = self._kept.get(TOPIC, login.user_id or "")
        if user is None or user.status != "active" or user.code_id != login.token_id:
            raise Problem("code_refused", "this link was replaced or used; ask for a new one")
        return user

    def _first_login(self, user: User) -> FirstLogin:
        code = make_token(
            self._secret,
            user.role,
            user.subject,
            use="login",
            ttl_s=FIRST_LOGIN_S,
            more={"uid": user.user_id, "jti": user.code_id},
        )
        return FirstLogin(user, code)

    def _named(self, login: str) -> User | None:
        return self._kept.get(TOPIC, self._ids.get(login.strip().lower(), ""))

    async def _rehash(self, user: User, password: str) -> None:
        renewed = user.model_copy(update={"password_hash": await self._passwords.hash(password)})
        try:
            await self._kept.put(TOPIC, renewed)
        except Problem:  # the old one is as good as it was
            return

    def _heard(self, key: str, fact: Fact | None) -> None:
        if isinstance(fact, User):
            self._ids[fact.login] = key
