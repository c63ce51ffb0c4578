"""Let go what was kept of people once its time is over."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from api.audit import chronicle
from api.personal.people import TOPIC, USE, seal, unsealed
from api.problems import Problem
from schemas.person import PersonKept
from schemas.personal import ROW

if TYPE_CHECKING:
    from api.desk import Desk

_log = logging.getLogger(__name__)

_FIRST_S = 30.0
_EVERY_S = 3_600.0
_ADDRESS_TURN = timedelta(days=31)
_PERSON_TURN = timedelta(days=365)


async def keep_letting_go(desk: Desk) -> None:
    """Let go every hour what is due.

    Parameters
    ----------
    desk
        What the process works with.
    """
    await asyncio.sleep(_FIRST_S)
    while True:
        try:
            await let_go(desk, datetime.now(UTC))
        except (Problem, OSError) as error:
            _log.warning("what is due cannot be let go yet: %s", error)
        await asyncio.sleep(_EVERY_S)


async def let_go(desk: Desk, now: datetime) -> int:
    """Remove people whose time is over; change keys that are old; throw away those past their time.

    Parameters
    ----------
    desk
        What the process works with.
    now
        The time.

    Returns
    -------
    int
        How many people were removed.

    Raises
    ------
    Problem
        `broker_unavailable` or `not_ready`; what was not removed is tried again.
    """
    gone = 0
    for person_id, found in desk.kept.every(TOPIC).items():
        async with desk.kept.lock(TOPIC, person_id):
            person: PersonKept | None = desk.kept.get(TOPIC, person_id)
            if person is None or person is not found or person.keep_until > now:
                continue
            entity = f"person/{person_id}"
            await chronicle(desk, None, "person.expired", entities=[entity], region=person.region)
            await desk.kept.take_away(TOPIC, person_id)
            gone += 1
    _turn_addresses(desk, now)
    await _turn_people(desk, now)
    if gone:
        _log.info("%d people whose time was over were removed", gone)
    return gone


def _turn_addresses(desk: Desk, now: datetime) -> None:
    """Draw a key a month, and throw away those whose addresses have all been kept long enough."""
    ring = desk.audit.ring
    newest = ring.newest("address")
    if newest is not None and newest.made < now - _ADDRESS_TURN:
        ring.turn("address", at=now)
    keep = timedelta(days=ROW["address"].days or 0)
    if dropped := ring.forget("address", now - keep - _ADDRESS_TURN):
        _log.info("%d keys of old addresses were thrown away", dropped)


async def _turn_people(desk: Desk, now: datetime) -> None:
    """Draw a new key each year, seal everybody by it, and throw the old one away."""
    ring = desk.audit.ring
    newest = ring.newest(USE)
    if newest is None:
        return
    if newest.made < now - _PERSON_TURN:
        newest = ring.turn(USE, at=now)
    for person_id in desk.kept.every(TOPIC):
        async with desk.kept.lock(TOPIC, person_id):
            person: PersonKept | None = desk.kept.get(TOPIC, person_id)
            if person is None or ring.sealed_by(person.sealed) == newest.key_id:
                continue
            said = unsealed(desk, person)
            if said is None:
                continue
            text = seal(desk, person_id, person.haulier_id, said)
            await desk.kept.put(TOPIC, person.model_copy(update={"sealed": text}))
    ring.forget(USE, newest.made)
