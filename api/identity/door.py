"""Put together what tells who somebody is, and notice when they no longer are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from api.config import ApiConfig
from api.identity import keys, sessions, users
from api.identity.attempts import Attempts
from api.identity.keys import Keys
from api.identity.provider import Provider
from api.identity.sessions import Sessions
from api.identity.users import Users
from api.kept import Kept
from api.problems import Problem
from api.tokens import Actor
from schemas.model import Fact

_log = logging.getLogger(__name__)

TOPICS = (users.TOPIC, sessions.TOPIC, keys.TOPIC)
_SWEEP_S = 600.0


@dataclass(frozen=True, slots=True)
class Door:
    """What one process knows of who may come in."""

    users: Users
    sessions: Sessions
    keys: Keys
    attempts: Attempts
    provider: Provider | None = None
    _watched: dict[asyncio.Event, Actor] = field(default_factory=dict)

    @classmethod
    def at(cls, config: ApiConfig, kept: Kept) -> Door:
        """Build it.

        Parameters
        ----------
        config
            Names the secret and the Redis.
        kept
            Where users, sessions and keys last.
        """
        door = cls(
            users=Users(kept, config.secret),
            sessions=Sessions(kept, config.secret),
            keys=Keys(kept),
            attempts=Attempts(config.redis_url, config.secret, config.rate_per_minute),
            provider=None if config.oidc is None else Provider(config.oidc),
        )
        for topic in TOPICS:
            kept.listen(topic, door._heard)
        return door

    def standing(self, actor: Actor) -> bool:
        """Tell whether somebody who was recognised would be recognised again."""
        return self.sessions.standing(actor) and self.keys.standing(actor)

    @contextmanager
    def watched(self, actor: Actor) -> Iterator[asyncio.Event]:
        """Give an event that is set when the actor's session or key ends before its time.

        Parameters
        ----------
        actor
            Who was recognised.
        """
        event = asyncio.Event()
        self._watched[event] = actor
        try:
            self._tell()
            yield event
        finally:
            del self._watched[event]

    async def end_session(self, session_id: str) -> bool:
        """End a session, and whatever is open by it; False where Kafka did not take it yet."""
        is_written = await self.sessions.end(session_id)
        self._tell()
        return is_written

    async def keep_sweeping(self) -> None:
        """Take away what is over by time, every ten minutes, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            try:
                gone = await self.sessions.sweep()
            except Problem as problem:
                _log.info("sessions that are over were not taken away: %s", problem.detail)
            else:
                _log.info("%d sessions were over and were taken away", gone)

    async def close(self) -> None:
        """Close the connections."""
        await self.attempts.close()
        if self.provider is not None:
            await self.provider.close()

    def _heard(self, key: str, fact: Fact | None) -> None:
        del key, fact
        if self._watched:
            self._tell()

    def _tell(self) -> None:
        for event, actor in self._watched.items():
            if not event.is_set() and not self.standing(actor):
                event.set()
