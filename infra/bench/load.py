"""Draw a steady load of valid and dirty events by a seed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Literal

from infra.bench.pump import Sent, pump
from infra.scenario.facts import Facts, parts
from schemas.envelope import Record, encode, validate
from schemas.topics import TOPIC_OF_TYPE

__all__ = ["Dirt", "Drawn", "Kind", "Load", "Sent", "pump"]

Kind = Literal["plain", "duplicate", "late", "malformed"]
"""What a record of the load is: as it should be, or one of three kinds of dirt."""

_REGION = "kien-giang"
_LEG = 0.000_1
"""How far a truck drives between two reports, in degrees: about ten metres."""
_WINDOWS_AHEAD = 8
"""So many hourly windows ahead of the clock does every gate have."""
_PLATES = 20
"""So many vehicles that nobody registered come to the checkpoints."""
_POSITIONS, _SLOTS = 0.85, 0.02
_DECISIONS = {"arrived": 46, "cleared": 46, "held": 6, "refused": 2}
_STRAY_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Dirt:
    """Say which shares of all records are not as they should be.

    Attributes
    ----------
    duplicates
        Sent again as they were, within the next 200 records.
    late
        With an event time 1 to 600 s before the one they should have; short delays are the most.
    malformed
        Bytes that are no event.

    Raises
    ------
    ValueError
        If a share is negative or all together are more than one.
    """

    duplicates: float = 0.05
    late: float = 0.05
    malformed: float = 0.01

    def __post_init__(self) -> None:
        shares = (self.duplicates, self.late, self.malformed)
        if min(shares) < 0 or sum(shares) > 1:
            raise ValueError("Expected shares in [0, 1] that sum to at most 1.")


@dataclass(frozen=True, slots=True)
class Drawn(Record):
    """A record that knows what kind of dirt it is."""

    kind: Kind = "plain"


class Load:
    """Draw what trucks, checkpoints, farms and ports say; the same seed draws the same.

    Parameters
    ----------
    seed
        Where all chance comes from; part of every event's source, so that two loads on one stack
        need two seeds.
    trucks
        How many trucks there are.
    dirt
        Which shares are dirty.
    lots
        The share of events that concern lots, at most 0.13. A lot lives for about
        `3 * open_lots / (lots * rate)` seconds: over a minute at 500 events/s as it is here.
    open_lots
        At most so many lots are not withdrawn.
    clock
        Gives events their time, and slots their windows.

    Notes
    -----
    About 85 % of what is drawn are positions, 2 % are of slots, most of the rest clearances, one in
    a hundred of a vehicle that nobody registered. At most ten windows a gate are not over: what
    grows in a stack is not the number of its open things.
    """

    def __init__(
        self,
        seed: int,
        *,
        trucks: int = 200,
        dirt: Dirt | None = None,
        lots: float = 0.005,
        open_lots: int = 60,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.source = f"/bench/load/{seed}"
        self.dirt = dirt or Dirt()
        self._mix = {
            "position": _POSITIONS,
            "clearance": 1 - _POSITIONS - _SLOTS - lots,
            "lot": lots,
            "slot": _SLOTS,
        }
        self._open_lots = open_lots
        self._chance = Random(f"load|{seed}")
        self._clock = clock
        self._facts = Facts()
        self._ports = [
            row for row in self._facts.facilities if row["kind"] == "port" and row["gates"]
        ]
        self._gates = [(row["place_id"], gate) for row in self._ports for gate in _gates(row)]
        self._farms = [row for row in self._facts.farms if row["region"] == _REGION]
        self._trucks = [f"load-truck-{number:04d}" for number in range(trucks)]
        self._at = {truck: self._somewhere() for truck in self._trucks}
        self._goals = {truck: self._somewhere() for truck in self._trucks}
        self._lots: deque[str] = deque()
        self._opened: set[tuple[str, str, datetime]] = set()
        self._recent: deque[Drawn] = deque(maxlen=200)
        self._said = 0
        self._declared = 0

    def furniture(self) -> list[Record]:
        """Draw what has to be there first: ports with gates, checkpoints, trucks, open windows."""
        found: list[Record] = []
        for row in self._ports:
            port = {name: row[name] for name in ("place_id", "kind", "name", "region")}
            more = {**_where(row), "gates": _gates(row)}
            found.append(self._say("facility.registered", {**port, **more}))
        for row in self._facts.checkpoints:
            place = {name: row[name] for name in ("place_id", "name", "region")}
            more = {**_where(row), "bays": int(row["bays"])}
            found.append(self._say("checkpoint.registered", {**place, **more}))
        found += [self._register(number) for number in range(len(self._trucks))]
        for hour in range(_WINDOWS_AHEAD):
            found += [self._open(gate, hour) for gate in self._gates]
        return found

    def records(self) -> Iterator[Drawn]:
        """Draw without end."""
        dirt = self.dirt
        kinds: tuple[Kind, ...] = ("malformed", "duplicate", "late", "plain")
        shares = [dirt.malformed, dirt.duplicates, dirt.late]
        shares.append(1 - sum(shares))
        while True:
            kind = self._chance.choices(kinds, shares)[0]
            if kind == "malformed":
                yield self._malformed()
            elif kind == "duplicate" and self._recent:
                again = self._chance.choice(self._recent)
                yield Drawn(again.topic, again.key, again.value, again.headers, "duplicate")
            else:
                drawn = self._draw(late=kind == "late")
                self._recent.append(drawn)
                yield drawn

    def _draw(self, *, late: bool) -> Drawn:
        what = self._chance.choices(list(self._mix), list(self._mix.values()))[0]
        event_type, data = {
            "position": self._position,
            "clearance": self._clearance,
            "lot": self._lot,
            "slot": self._slot,
        }[what]()
        delay_s = math.exp(self._chance.uniform(0, math.log(600))) if late else 0.0
        return self._say(event_type, data, delay_s=delay_s, kind="late" if late else "plain")

    def _say(
        self, event_type: str, data: dict[str, Any], *, delay_s: float = 0, kind: Kind = "plain"
    ) -> Drawn:
        self._said += 1
        topic = TOPIC_OF_TYPE[event_type]
        record = encode(
            topic.name,
            event_type,
            validate(topic, event_type, data),
            event_id=str(self._said),
            source=self.source,
            time=self._clock() - timedelta(seconds=delay_s),
        )
        return Drawn(record.topic, record.key, record.value, record.headers, kind)

    def _somewhere(self) -> tuple[float, float]:
        row = self._chance.choice(self._farms)
        return (
            float(row["lat"]) + self._chance.uniform(-0.02, 0.02),
            float(row["lon"]) + self._chance.uniform(-0.02, 0.02),
        )

    def _register(self, number: int) -> Drawn:
        truck = self._trucks[number]
        lat, lon = self._at[truck]
        data = {
            "truck_id": truck,
            "plate": f"68H-{number:05d}",
            "haulier_id": f"load-haulier-{number % 20:02d}",
            "region": _REGION,
            "vehicle_class": "rigid_2_axle",
            "payload_kg": self._chance.randrange(4_000, 8_001, 500),
            "temperature_classes": ["ambient", "chilled"],
            "home": {"lat": lat, "lon": lon},
        }
        return self._say("truck.registered", data)

    def _position(self) -> tuple[str, dict[str, Any]]:
        """Drive one truck ten metres on."""
        truck = self._chance.choice(self._trucks)
        (lat, lon), (goal_lat, goal_lon) = self._at[truck], self._goals[truck]
        left = math.hypot(goal_lat - lat, goal_lon - lon)
        if left <= _LEG:
            self._goals[truck] = self._somewhere()
        else:
            lat += _LEG * (goal_lat - lat) / left
            lon += _LEG * (goal_lon - lon) / left
        self._at[truck] = (lat, lon)
        data = {"truck_id": truck, "lat": round(lat, 6), "lon": round(lon, 6)}
        return "truck.position_reported", {**data, "speed_kph": self._chance.randrange(10, 80)}

    def _clearance(self) -> tuple[str, dict[str, Any]]:
        decision = self._chance.choices(list(_DECISIONS), list(_DECISIONS.values()))[0]
        data: dict[str, Any] = {
            "checkpoint_id": self._chance.choice(self._facts.checkpoints)["place_id"],
            "people_count": self._chance.randrange(1, 4),
        }
        if self._chance.random() < _STRAY_SHARE:
            data["plate"] = f"51C-{self._chance.randrange(_PLATES):05d}"
        else:
            data["truck_id"] = self._chance.choice(self._trucks)
        if decision in {"held", "refused"}:
            data["reason_code"] = "no_test"
        return f"checkpoint.{decision}", data

    def _lot(self) -> tuple[str, dict[str, Any]]:
        """Declare a lot, make one ready, revise one, or withdraw the oldest."""
        chance = self._chance.random()
        if len(self._lots) >= self._open_lots or (self._lots and chance < 0.1):
            return "lot.withdrawn", {"lot_id": self._lots.popleft()}
        if not self._lots or chance < 0.55:
            return "lot.declared", self._declare()
        lot_id = self._chance.choice(self._lots)
        if chance < 0.8:
            return "lot.ready", {"lot_id": lot_id}
        return "lot.revised", {"lot_id": lot_id, "quantity_kg": self._quantity_kg()}

    def _declare(self) -> dict[str, Any]:
        self._declared += 1
        lot_id = f"load-lot-{self._declared:07d}"
        self._lots.append(lot_id)
        farm, now = self._chance.choice(self._farms), self._clock()
        return {
            "lot_id": lot_id,
            "region": _REGION,
            "product": "pineapple",
            "quantity_kg": self._quantity_kg(),
            "pickup": {"lat": float(farm["lat"]), "lon": float(farm["lon"]), "name": farm["name"]},
            "ready_from": now,
            "hold_until": now + timedelta(hours=_WINDOWS_AHEAD),
        }

    def _quantity_kg(self) -> int:
        return self._chance.randrange(1_000, 12_001, 250)

    def _slot(self) -> tuple[str, dict[str, Any]]:
        """Open a window that is not open yet, if the hour has turned; else change or reopen one."""
        gate, hour = self._chance.choice(self._gates), self._chance.randrange(_WINDOWS_AHEAD)
        window, is_new = self._window(gate, hour)
        if is_new or self._chance.random() < 0.2:
            return "slot.opened", {**window, "capacity_trucks": self._chance.randrange(3, 7)}
        return "slot.capacity_changed", {**window, "capacity_trucks": self._chance.randrange(2, 7)}

    def _open(self, gate: tuple[str, str], hour: int) -> Drawn:
        window, _ = self._window(gate, hour)
        capacity = self._chance.randrange(3, 7)
        return self._say("slot.opened", {**window, "capacity_trucks": capacity})

    def _window(self, gate: tuple[str, str], hour: int) -> tuple[dict[str, Any], bool]:
        """Return one of the windows ahead, and whether nobody asked for it before."""
        now = self._clock().replace(minute=0, second=0, microsecond=0)
        start = now + timedelta(hours=hour + 1)
        name = (*gate, start)
        is_new = name not in self._opened
        if is_new:
            self._opened = {known for known in self._opened if known[2] >= now} | {name}
        fields = {"facility_id": gate[0], "gate_id": gate[1], "window_start": start}
        return {**fields, "window_end": start + timedelta(hours=1)}, is_new

    def _malformed(self) -> Drawn:
        """Draw what a broken sender says: cut off, out of range, without a time, no text."""
        draw = self._chance.choice((self._position, self._clearance))
        event_type, data = draw()
        record = self._say(event_type, data)
        key, value = record.key, record.value or b""
        headers = dict(record.headers)
        how = self._chance.randrange(4)
        if how == 0:
            value = value[: self._chance.randrange(1, len(value))]
        elif how == 1:
            value = value[:-1] + b',"lat":123.4,"people_count":4000}'
        elif how == 2:
            headers["ce_time"] = b"24/08/2021 05:12"
        else:
            value = b"\xff\xfe\x00GPRMC,170834,V"
        return Drawn(record.topic, key, value, tuple(headers.items()), "malformed")


def _gates(row: dict[str, str]) -> list[str]:
    return parts(row["gates"])


def _where(row: dict[str, str]) -> dict[str, float]:
    return {"lat": float(row["lat"]), "lon": float(row["lon"])}
