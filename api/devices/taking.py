"""Turn fixes into events: whose truck it is, by what clock, under which id."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from api.desk import Deed
from api.devices.fix import Fix
from api.devices.skew import Clocks, corrected
from api.intake import Checked
from api.problems import Flaw, Problem
from api.rights import permit, within
from schemas.device import Tracker
from schemas.envelope import encode, refuse_future
from schemas.errors import RefusedEvent
from schemas.model import format_time
from schemas.truck import TruckPositionReported

TRACKERS = "device.tracker.v1"
_TYPE = "truck.position_reported"
_TOPIC = "truck.position.v1"
_FIXES = uuid.UUID("5b0c1c52-7f0e-5f4e-8b1c-6a4c2f0d9e31")
"""Name space of the event ids that are derived from fixes: a repeat is a known duplicate."""


@dataclass(slots=True)
class Taken:
    """What becomes of the fixes of one request.

    Attributes
    ----------
    checked
        The events to write.
    ignored
        How many fixes were none, by why.
    refused
        What is wrong with the others, by their place among the fixes.
    """

    checked: list[Checked] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, Problem]] = field(default_factory=list)


class Taker:
    """Take in the fixes that one reporter sends in one request.

    Parameters
    ----------
    deed
        Who reports.
    clocks
        What is known of trackers' clocks.
    """

    def __init__(self, deed: Deed, clocks: Clocks) -> None:
        self._deed = deed
        self._clocks = clocks
        self._allowed: dict[str, Problem | None] = {}

    async def take(self, fixes: Sequence[Fix | Problem], now: datetime) -> Taken:
        """Check fixes that came in together.

        Parameters
        ----------
        fixes
            The fixes, and what is wrong with those that could not be read.
        now
            What the stack's clock shows.

        Raises
        ------
        Problem, Unavailable
            Nothing can be said at the moment of any of them.
        """
        taken = Taken()
        real: list[tuple[int, Fix, str]] = []
        newest: dict[str, Fix] = {}
        for index, fix in enumerate(fixes):
            try:
                if isinstance(fix, Problem):
                    raise fix
                if (why := fix.nonsense) is not None:
                    taken.ignored[why] += 1
                    continue
                truck_id = await self._truck(fix)
                _refuse_ahead(fix, now)
            except Problem as problem:
                if problem.status == 503:
                    raise
                taken.refused.append((index, problem))
                continue
            real.append((index, fix, truck_id))
            if fix.time is not None:
                device = fix.device_id or truck_id
                known = newest.get(device)
                if known is None or known.time is None or fix.time > known.time:
                    newest[device] = fix
        for device, fix in newest.items():
            assert fix.time is not None
            self._clocks.learn(self._deed.actor.name, device, fix.time, now)
        taken.checked = [self._event(fix, truck_id, now, index) for index, fix, truck_id in real]
        return taken

    async def _truck(self, fix: Fix) -> str:
        truck_id = fix.truck_id or self._deed.actor.truck_id
        if truck_id is None:
            if fix.device_id is None:
                flaw = Flaw(pointer="#/truck_id", message="missing", code="missing")
                raise Problem("invalid", "name a truck_id or a device_id", errors=[flaw])
            tracker: Tracker | None = self._deed.desk.kept.get(TRACKERS, fix.device_id)
            if tracker is None:
                raise Problem("device_unknown", "no such tracker; register it at /v1/trackers")
            truck_id = tracker.truck_id
        await self._permit(truck_id, fix)
        return truck_id

    async def _permit(self, truck_id: str, fix: Fix) -> None:
        """Ask once a request and truck."""
        if truck_id not in self._allowed:
            data = TruckPositionReported(truck_id=truck_id, lat=fix.lat, lon=fix.lon)
            try:
                await permit(self._deed, _TYPE, data)
                await within(self._deed, [(_TYPE, data)])
            except Problem as problem:
                if problem.status == 503:
                    raise
                self._allowed[truck_id] = problem
            else:
                self._allowed[truck_id] = None
        refusal = self._allowed[truck_id]
        if refusal is not None:
            raise refusal

    def _event(self, fix: Fix, truck_id: str, now: datetime, part: int) -> Checked:
        actor = self._deed.actor
        time, extra = now, {}
        if fix.time is not None:
            skew = self._clocks.get(actor.name, fix.device_id or truck_id)
            time = corrected(skew, fix.time, now)
            if time != fix.time:
                extra = {"devicetime": format_time(fix.time)}
                self._deed.desk.metrics.corrected.inc()
        data = TruckPositionReported(
            truck_id=truck_id,
            lat=fix.lat,
            lon=fix.lon,
            speed_kph=fix.speed_kph,
            accuracy_m=fix.accuracy_m,
        )
        event_id = _id(fix, truck_id) or self._deed.event_id(part)
        record = encode(
            _TOPIC, _TYPE, data, event_id=event_id, source=actor.source, time=time, extra=extra
        )
        return Checked(record=record, type=_TYPE, id=event_id, source=actor.source, data=data)


def _id(fix: Fix, truck_id: str) -> str | None:
    if fix.time is None:
        return None
    device = fix.device_id or truck_id
    told = f"{device} {fix.time.timestamp():.3f} {fix.lat:.7f} {fix.lon:.7f}"
    return str(uuid.uuid5(_FIXES, told))


def _refuse_ahead(fix: Fix, now: datetime) -> None:
    if fix.time is None:
        return
    try:
        refuse_future(fix.time, now)
    except RefusedEvent as refused:
        flaw = Flaw(pointer="#/time", message=refused.detail, code=refused.rule)
        raise Problem(refused.rule, refused.detail, errors=[flaw]) from None
