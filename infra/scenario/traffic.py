"""Drive the trucks that have contracts of their own: their positions and clearances are recorded.

They make the day's background: dispatch may not use them, but checkpoints and maps see them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from infra.scenario.draft import Draft
from infra.scenario.fleet import Truck
from infra.scenario.way import LatLon, Way
from schemas.checkpoint import CheckpointArrived, CheckpointCleared, CheckpointHeld
from schemas.truck import TruckPositionReported

_REPORT_EVERY = timedelta(minutes=5)
_NEAR_M = 1_000.0
_NIGHT_SHARE = 4
"""Every so-manieth truck is on the road when the day begins: markets are filled by night."""


def record_traffic(draft: Draft, fleet: list[Truck]) -> None:
    """Record one position of every standing truck, and the day of every truck under contract."""
    chance = draft.random("traffic")
    ways = [way for way in draft.facts.ways.values() if way.use == "drive"]
    for truck in fleet:
        home = (truck.fact.home.lat, truck.fact.home.lon)
        first = draft.start + timedelta(seconds=chance.randrange(5, 600))
        _report(draft, truck, home, first, 0)
    contract = [truck for truck in fleet if truck.use == "contract"]
    draft.notes["scripted_trucks"] = [truck.truck_id for truck in contract]
    draft.notes["contract_ways"] = {}
    for number, truck in enumerate(contract):
        drawn = ways[number % len(ways)]
        draft.notes["contract_ways"][truck.truck_id] = drawn.way_id
        way = drawn.lines[0]
        drives_at_night = number % _NIGHT_SHARE == 0
        _Day(draft, chance, truck, way, held=number == 0, by_night=drives_at_night).record()


class _Day:
    """One truck's day: to and fro along its way, with rests at the ends."""

    def __init__(
        self, draft: Draft, chance: Random, truck: Truck, way: Way, *, held: bool, by_night: bool
    ) -> None:
        self._draft, self._chance, self._truck, self._way = draft, chance, truck, way
        self._to_hold = held
        begins = 2.0 + 5.0 * chance.random()
        self._clock = draft.hour(begins / 60 if by_night else begins)
        self._end = min(self._clock + timedelta(hours=14 + 5 * chance.random()), draft.end)
        self._speed_mps = chance.uniform(34, 46) / 3.6
        self._next_report = self._clock

    def record(self) -> None:
        """Record the whole day."""
        ways = (self._way, self._way.reversed())
        trip = 0
        while self._clock < self._end:
            way = ways[trip % 2]
            self._drive(way)
            self._stand(way.points[-1], timedelta(minutes=self._chance.randrange(35, 80)))
            trip += 1

    def _drive(self, way: Way) -> None:
        along_m = 0.0
        for stop_m, checkpoint_id in _checkpoints(self._draft, way):
            self._roll(way, along_m, stop_m)
            self._pass(way.at(stop_m), checkpoint_id)
            along_m = stop_m
        self._roll(way, along_m, way.length_m)

    def _roll(self, way: Way, from_m: float, to_m: float) -> None:
        begun = self._clock
        self._clock += timedelta(seconds=round((to_m - from_m) / self._speed_mps))
        while self._next_report <= self._clock:
            gone_m = (self._next_report - begun).total_seconds() * self._speed_mps
            spot = way.at(min(from_m + max(gone_m, 0.0), to_m))
            self._report_at(spot, self._speed_mps * 3.6)

    def _stand(self, spot: LatLon, how_long: timedelta) -> None:
        self._clock += how_long
        while self._next_report <= self._clock:
            self._report_at(spot, 0)

    def _report_at(self, spot: LatLon, speed_kph: float) -> None:
        if self._next_report < self._end:
            _report(self._draft, self._truck, spot, self._next_report, speed_kph)
        self._next_report += _REPORT_EVERY

    def _pass(self, spot: LatLon, checkpoint_id: str) -> None:
        if self._clock >= self._end:
            return
        fact = self._truck.fact
        seen = {
            "checkpoint_id": checkpoint_id,
            "truck_id": fact.truck_id,
            "plate": fact.plate,
            "officer_id": f"officer-{checkpoint_id[3:]}",
            "people_count": 1 + (self._chance.random() < 0.4),
            "transit": True,
        }
        self._draft.say("checkpoint.arrived", CheckpointArrived.model_validate(seen), self._clock)
        wait = timedelta(seconds=self._chance.randrange(100, 400))
        if self._to_hold and self._clock >= self._draft.hour(7):
            self._to_hold = False
            held = CheckpointHeld.model_validate({**seen, "reason_code": "papers_missing"})
            self._draft.say("checkpoint.held", held, self._clock + timedelta(minutes=4))
            self._draft.notes["held"] = {
                "truck_id": fact.truck_id,
                "checkpoint_id": checkpoint_id,
            }
            wait = timedelta(minutes=75)
        self._stand(spot, wait)
        self._draft.say("checkpoint.cleared", CheckpointCleared.model_validate(seen), self._clock)


def _checkpoints(draft: Draft, way: Way) -> Iterator[tuple[float, str]]:
    """Yield the checkpoints on a way in the order in which they are met."""
    found = []
    for row in draft.facts.checkpoints:
        along_m, off_m = way.nearest(draft.facts.places[row["place_id"]])
        if off_m < _NEAR_M and 500 < along_m < way.length_m - 500:
            found.append((along_m, row["place_id"]))
    yield from sorted(found)


def _report(draft: Draft, truck: Truck, spot: LatLon, time: datetime, speed_kph: float) -> None:
    fact = TruckPositionReported(
        truck_id=truck.truck_id,
        lat=round(spot[0], 5),
        lon=round(spot[1], 5),
        speed_kph=round(speed_kph, 1),
        accuracy_m=8.0,
    )
    draft.say("truck.position_reported", fact, time)
