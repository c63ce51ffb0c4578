"""Open, renew and end the sessions of browsers."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from api.kept import Kept
from api.problems import Problem
from api.tokens import ACCESS_S, SESSION_S, Actor, read_claims, sign
from schemas.identity import Rights, Session, User

_log = logging.getLogger(__name__)

TOPIC = "identity.session.v1"
USERS = "identity.user.v1"

_LEEWAY = timedelta(seconds=60)
"""Requests that were on their way with the former secret when the next one was used."""
_WRITE_S = 1.5
"""How long a renewal waits for Kafka: the session goes on without it."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a browser is to hold from now on.

    Attributes
    ----------
    session
        What is kept.
    access
        Opens the API for ten minutes.
    refresh
        Makes the next pair; None where the browser's own stays good.
    """

    session: Session
    access: str
    refresh: str | None


class Sessions:
    """Hold the sessions of browsers.

    A session's token holds for ten minutes and is verified here alone. The refresh secret beside
    it rotates: each renewal gives out a next one, which takes effect when it is first used, so
    that an answer that never arrived costs nothing. A secret that was replaced and comes again
    belongs to two, one of whom has stolen it: the session is over.

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
        self._ended: set[str] = set()
        self._undone: set[str] = set()

    async def open(
        self,
        rights: Rights,
        *,
        how: Literal["link", "password", "oidc"],
        user_id: str | None = None,
        assignment_id: str | None = None,
        code_id: str | None = None,
    ) -> Tokens:
        """Open a session for one shift.

        Parameters
        ----------
        rights
            What its holder may be.
        how
            How its holder came in.
        user_id
            The user, if it is one.
        assignment_id
            The only trip that it is for.
        code_id
            The one-time code that opens it.

        Raises
        ------
        Problem
            `broker_unavailable`.
        """
        now = datetime.now(UTC)
        session_id = uuid.uuid4().hex
        jti = secrets.token_hex(32)
        session = Session(
            session_id=session_id,
            user_id=user_id,
            role=rights.role,
            subject=rights.subject,
            regions=rights.regions,
            assignment_id=assignment_id,
            how=how,
            code_id=code_id,
            current=_hash(jti),
            created_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(seconds=SESSION_S),
        )
        await self._kept.put(TOPIC, session)
        return Tokens(session, self._access(session), self._refresh(session, jti, None))

    def refuse_used(self, code_id: str) -> None:
        """Refuse a one-time code that opened a session, though Redis may have forgotten it.

        Raises
        ------
        Problem
            `code_refused`, `not_ready`.
        """
        every: dict[str, Session] = self._kept.every(TOPIC)
        if any(one.code_id == code_id and name not in self._undone for name, one in every.items()):
            raise Problem("code_refused", "this link was opened before; ask for a new one")

    def actor(self, access: str) -> Actor:
        """Tell who holds a session's token.

        Parameters
        ----------
        access
            The token.

        Raises
        ------
        Problem
            `unauthenticated`: it is forged or over, or its session is. `not_ready`.
        """
        return self._actor(self._standing(read_claims(self._secret, access, use="session")))

    async def renew(self, refresh: str) -> tuple[Actor, Tokens]:
        """Give a browser its next tokens.

        Parameters
        ----------
        refresh
            The refresh token that it holds.

        Raises
        ------
        Problem
            `unauthenticated`: as for `actor`, or it was replaced before.
        """
        claims = read_claims(self._secret, refresh, use="refresh")
        mine, parent = _hash(claims["jti"]), claims.get("prev")
        async with self._kept.lock(TOPIC, claims["sid"]):
            session = self._standing(claims)
            now = datetime.now(UTC)
            if mine != session.current and parent == session.current:
                step = {"current": mine, "spent": session.current, "last_seen_at": now}
                session = await self._stepped(session, step)
            if mine == session.current:
                following = self._refresh(session, secrets.token_hex(32), mine)
                return self._actor(session), Tokens(session, self._access(session), following)
            is_late = mine == session.spent and now - session.last_seen_at < _LEEWAY
            if is_late or parent == session.current:  # the latter: Kafka did not take the step
                return self._actor(session), Tokens(session, self._access(session), None)
        _log.warning("a refresh secret came a second time; session %s is over", session.session_id)
        await self.end(session.session_id)
        raise Problem("unauthenticated", "this log-in was continued elsewhere; log in again")

    async def _stepped(self, session: Session, step: dict[str, Any]) -> Session:
        following = session.model_copy(update=step)
        try:
            async with asyncio.timeout(_WRITE_S):
                await self._kept.put(TOPIC, following)
        except (Problem, TimeoutError):
            return session
        return following

    async def end(self, session_id: str) -> bool:
        """End a session, here at once and everywhere once Kafka has it.

        Parameters
        ----------
        session_id
            Its id.

        Returns
        -------
        bool
            Whether it is written; where not, `sweep` tries again.
        """
        self._ended.add(session_id)
        session: Session | None = self._kept.get(TOPIC, session_id)
        if session is None or session.revoked_at is not None:
            return True
        gone = session.model_copy(update={"revoked_at": datetime.now(UTC)})
        try:
            await self._kept.put(TOPIC, gone)
        except Problem:
            return False
        return True

    async def undo(self, session_id: str) -> None:
        """Take back a session that nobody was told of; its code opens another one.

        Parameters
        ----------
        session_id
            Its id.
        """
        self._ended.add(session_id)
        self._undone.add(session_id)
        with contextlib.suppress(Problem):  # it is over here, and its holder never had its tokens
            await self._kept.take_away(TOPIC, session_id)

    def every(self) -> list[Session]:
        """Return the sessions that still hold, the oldest first."""
        held = [one for one in self._kept.every(TOPIC).values() if self._why_over(one) is None]
        return sorted(held, key=lambda one: one.created_at)

    def standing(self, actor: Actor) -> bool:
        """Tell whether the session by which somebody was recognised still holds."""
        if actor.session_id is None:
            return True
        session = self._kept.get(TOPIC, actor.session_id)
        return session is not None and self._why_over(session) is None

    async def sweep(self) -> int:
        """Take sessions away that are over by time, and end those whose end was not written.

        Raises
        ------
        Problem
            `broker_unavailable`, `not_ready`.
        """
        now = datetime.now(UTC)
        every: dict[str, Session] = self._kept.every(TOPIC)
        self._ended &= every.keys()
        self._undone &= every.keys()
        for session_id in sorted(self._ended):
            await self.end(session_id)
        past = [name for name, one in every.items() if one.expires_at <= now][:_AT_ONCE]
        for session_id in past:
            await self._kept.take_away(TOPIC, session_id)
        return len(past)

    def _standing(self, claims: dict[str, Any]) -> Session:
        session: Session | None = self._kept.get(TOPIC, str(claims.get("sid")))
        why = "the log-in is over; log in again" if session is None else self._why_over(session)
        if session is None or why is not None:
            raise Problem("unauthenticated", str(why))
        return session

    def _why_over(self, session: Session) -> str | None:
        if session.expires_at.timestamp() <= time.time():
            return "the log-in is over; log in again"
        if session.revoked_at is not None or session.session_id in self._ended:
            return "this log-in was ended; log in again"
        user: User | None = self._kept.get(USERS, session.user_id or "")
        if user is not None and (
            user.status != "active" or session.created_at < user.sessions_from
        ):
            return "what this user may do was changed; log in again"
        return None

    def _actor(self, session: Session) -> Actor:
        user: User | None = self._kept.get(USERS, session.user_id or "")
        return Actor(
            role=session.role,
            subject=session.subject,
            expires_at=session.expires_at.timestamp(),
            user_id=session.user_id,
            session_id=session.session_id,
            regions=None if session.regions is None else frozenset(session.regions),
            assignment_id=session.assignment_id,
            must_change_password=user is not None and user.must_change_password,
        )

    def _access(self, session: Session) -> str:
        left_s = max(1.0, session.expires_at.timestamp() - time.time())
        claims = {"sid": session.session_id}
        return sign(self._secret, "session", claims, ttl_s=min(ACCESS_S, left_s))

    def _refresh(self, session: Session, jti: str, parent: str | None) -> str:
        left_s = max(1.0, session.expires_at.timestamp() - time.time())
        claims = {"sid": session.session_id, "jti": jti, "prev": parent}
        return sign(self._secret, "refresh", claims, ttl_s=left_s)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
