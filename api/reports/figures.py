"""Count events: lots, goods, trips, slots, checkpoints, alerts, corridors and closures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from api.reports.log import Entry

Doc = dict[str, Any]


class Key(NamedTuple):
    """What a figure is of."""

    section: str
    measure: str
    unit: str
    region: str | None = None
    product: str | None = None
    place_id: str | None = None
    """A facility or a checkpoint."""
    code: str | None = None


class Figures:
    """Count events; each thing is counted once, by what was said of it last."""

    def __init__(self) -> None:
        self._counted: defaultdict[Key, dict[str, int]] = defaultdict(dict)
        self._taken: dict[str, tuple[int, int]] = {}
        self._left: dict[str, tuple[int, int, Key]] = {}
        self._goods: dict[str, list[Key]] = {}
        self._region_of: dict[str, str] = {}

    def take(self, entry: Entry) -> None:
        """Count one event.

        Parameters
        ----------
        entry
            The event, no retraction; those of one thing in the order in which they were taken in.
        """
        noun, _, what = entry.type.partition(".")
        _TAKES[noun](self, what, entry)

    def know(self, entry: Entry) -> None:
        """Learn of an earlier period what this one is counted by, and count nothing.

        Parameters
        ----------
        entry
            An event of a lot.
        """
        lot_id, data = str(entry.data["lot_id"]), entry.data
        if data.get("region"):
            self._region_of[lot_id] = data["region"]
        if entry.type == "lot.planned":
            self._taken[lot_id] = max(
                self._taken.get(lot_id, (-1, 0)), (data["revision"], _taken_kg(data))
            )

    def rows(self) -> dict[Key, int]:
        """Return the figures, without those that are 0."""
        sums = {key: sum(amounts.values()) for key, amounts in self._counted.items()}
        for _, kg, key in self._left.values():
            if kg > 0:
                sums[key] = sums.get(key, 0) + kg
                lots = key._replace(unit="lots")
                sums[lots] = sums.get(lots, 0) + 1
        return {key: amount for key, amount in sums.items() if amount}

    def _add(self, key: Key, thing: str, amount: int = 1) -> None:
        self._counted[key][thing] = amount

    def _lot(self, what: str, entry: Entry) -> None:
        data, lot_id = entry.data, str(entry.data["lot_id"])
        if data.get("region"):
            self._region_of[lot_id] = data["region"]
        if what == "declared":
            for key in self._goods.pop(lot_id, []):
                self._counted[key].pop(lot_id, None)
            lots = Key("lots", "declared", "lots", data["region"], data["product"])
            self._goods[lot_id] = [lots, lots._replace(unit="kg")]
            self._add(lots, lot_id)
            self._add(lots._replace(unit="kg"), lot_id, int(data["quantity_kg"]))
        elif what == "planned":
            self._planned(lot_id, data)
        elif what == "unassigned":
            self._unassigned(lot_id, data)
        else:
            self._add(Key("lots", what, "lots", self._region_of.get(lot_id)), lot_id)

    def _planned(self, lot_id: str, data: Doc) -> None:
        revision, before = self._taken.get(lot_id, (-1, 0))
        if data["revision"] <= revision:
            return
        taken = _taken_kg(data)
        self._taken[lot_id] = data["revision"], taken
        self._add(Key("lots", "planned", "kg", data["region"]), lot_id, taken)
        left = self._left.get(lot_id)
        if left is not None and revision >= 0 and left[0] < data["revision"]:
            kg = max(0, left[1] - max(0, taken - before))
            self._left[lot_id] = data["revision"], kg, left[2]

    def _unassigned(self, lot_id: str, data: Doc) -> None:
        if data["revision"] < self._left.get(lot_id, (-1,))[0]:
            return
        reasons = data["reasons"] or [{}]
        key = Key("lots", "left", "kg", data["region"], code=reasons[0].get("code"))
        self._left[lot_id] = data["revision"], int(data["quantity_kg"]), key

    def _trip(self, what: str, entry: Entry) -> None:
        data = entry.data
        trip, region = str(data["assignment_id"]), data["region"]
        self._add(Key("trips", what, "trips", region), trip)
        if what in {"loaded", "delivered"}:
            goods = Key("goods", what, "kg", region, data["product"], data["facility_id"])
            self._add(goods, trip, int(data["quantity_kg"]))
            self._add(Key("trucks", "used", "trucks", region), str(data["truck_id"]))

    def _slot(self, what: str, entry: Entry) -> None:
        data = entry.data
        place_id = data["facility_id"]
        slot = f"{place_id}|{data['gate_id']}|{data['window_start']}"
        if what == "closed":
            self._add(Key("slots", "closed", "slots", place_id=place_id), slot)
            return
        self._add(Key("slots", "opened", "slots", place_id=place_id), slot)
        capacity = Key("slots", "capacity", "trucks", place_id=place_id)
        self._add(capacity, slot, int(data["capacity_trucks"]))

    def _reservation(self, what: str, entry: Entry) -> None:
        key = Key("slots", what, "trucks", place_id=entry.data["facility_id"])
        self._add(key, str(entry.data["reservation_id"]))

    def _checkpoint(self, what: str, entry: Entry) -> None:
        data = entry.data
        vehicles = Key(
            "checkpoints",
            what,
            "vehicles",
            place_id=data["checkpoint_id"],
            code=data["reason_code"],
        )
        people = vehicles._replace(unit="people")
        self._add(vehicles, entry.identity)
        self._add(people, entry.identity, int(data["people_count"] or 0))

    def take_back(self, entry: Entry) -> None:
        """Count a clearance no more; one that another report has counted counts less here.

        Parameters
        ----------
        entry
            The clearance that was retracted.
        """
        was = Figures()
        was.take(entry)
        for key, amounts in was._counted.items():
            mine = self._counted[key]
            is_known = entry.identity in mine
            mine[entry.identity] = 0 if is_known else -amounts[entry.identity]

    def _alert(self, what: str, entry: Entry) -> None:
        data = entry.data
        key = Key("alerts", what, "alerts", data.get("region"), code=data.get("code"))
        self._add(key, entry.identity)

    def _corridor(self, what: str, entry: Entry) -> None:
        data = entry.data
        is_finding = what not in {"opened", "closed"}
        unit, thing = ("alerts", "alert_id") if is_finding else ("corridors", "corridor_id")
        self._add(Key("corridors", what, unit, data.get("region")), str(data[thing]))

    def _closure(self, what: str, entry: Entry) -> None:
        data = entry.data
        self._add(Key("closures", what, "closures", data["region"]), str(data["closure_id"]))


def _taken_kg(data: Doc) -> int:
    return int(data["booked_kg"]) + int(data["loaded_kg"]) + int(data["delivered_kg"])


_TAKES: Mapping[str, Callable[[Figures, str, Entry], None]] = {
    "lot": Figures._lot,  # noqa: SLF001 - its own
    "assignment": Figures._trip,  # noqa: SLF001
    "slot": Figures._slot,  # noqa: SLF001
    "reservation": Figures._reservation,  # noqa: SLF001
    "checkpoint": Figures._checkpoint,  # noqa: SLF001
    "alert": Figures._alert,  # noqa: SLF001
    "corridor": Figures._corridor,  # noqa: SLF001
    "road": Figures._closure,  # noqa: SLF001
    "zone": Figures._closure,  # noqa: SLF001
}
