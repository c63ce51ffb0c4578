"""Say what dispatch knows of checkpoints, and when the trips that it has given out come there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from routing.checkpoints import Approach, CheckpointParams
from routing.checkpoints.roadside import REACH_M, Legs, Passing, Stand, split
from routing.dispatch import Params, Point
from schemas.assignment import ACTIVE
from schemas.model import parse_time
from streams.desk import Desk
from streams.fold import Doc

ASSUMED = CheckpointParams()
FRESH = timedelta(minutes=90)
"""An older position says nothing of where a truck is on its way: the clock does then [assumed]."""
STRAYED_M = 2_000.0
"""Nor does one this far off the way [assumed]."""
_LOAD_S = Params().load_s
_STEP_S = 900.0
"""A queue is another one for a plan when waiting in it takes a quarter of an hour more or less."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a plan has to know of a checkpoint.

    Attributes
    ----------
    bays, service_s
        How many trucks at once, and the seconds of a bay that each takes.
    waiting
        Trucks that wait there or are in a bay.
    assumed
        Whether too little was observed to know these numbers.
    """

    place_id: str
    name: str
    position: Point
    bays: int
    service_s: float = ASSUMED.service_s
    waiting: int = 0
    assumed: bool = True


@dataclass(frozen=True, slots=True)
class Reach:
    """Which checkpoints belong to a corridor, and how far from its line they may stand."""

    checkpoints: frozenset[str]
    half_width_m: float


def checkpoint(desk: Desk, place_id: str) -> Checkpoint | None:
    """Draw one checkpoint; what was seen of its queue too long ago says nothing any more."""
    state = desk.state("checkpoint", place_id)
    if state is None or state["status"] != "active":
        return None
    known = Checkpoint(place_id, state["name"], Point(state["lat"], state["lon"]), state["bays"])
    queue = state["queue"]
    if queue is None or not queue["clearances_per_h"] > 0:
        return known
    if desk.now - parse_time(queue["as_of"]) > timedelta(seconds=ASSUMED.forgotten_s):
        return known
    return Checkpoint(
        place_id=known.place_id,
        name=known.name,
        position=known.position,
        bays=known.bays,
        service_s=3_600.0 * known.bays / queue["clearances_per_h"],
        waiting=queue["waiting"],
        assumed=queue["assumed"],
    )


def queue_mark(state: Doc) -> tuple[object, ...]:
    """Return what tells two states of a checkpoint apart for a plan, in coarse steps.

    Parameters
    ----------
    state
        The latest that its partition sent; empty where it has sent none.
    """
    queue = state.get("queue") or {}
    rate = queue.get("clearances_per_h") or 0.0
    wait_s = 3_600.0 * queue.get("waiting", 0) / rate if rate > 0 else 0.0
    place = (state.get(name) for name in ("status", "bays", "lat", "lon"))
    return (*place, int(wait_s // _STEP_S))


def reach(desk: Desk, corridor_id: str) -> Reach | None:
    """Draw which checkpoints of a corridor stand beside it."""
    view = desk.view("corridor", corridor_id)
    if view is None:
        return None
    return Reach(frozenset(view.get("checkpoints", ())), view["width_m"] / 2)


def stands(checkpoints: Sequence[Checkpoint], own: Reach | None) -> tuple[Stand, ...]:
    """Return where checkpoints stand for a trip.

    Parameters
    ----------
    checkpoints
        All of them.
    own
        Of the corridor that the trip uses, if it does.
    """
    return tuple(
        Stand(
            one.place_id,
            one.position.lat,
            one.position.lon,
            REACH_M + (own.half_width_m if own and one.place_id in own.checkpoints else 0.0),
        )
        for one in checkpoints
    )


_stands: dict[str | None, tuple[Stand, ...]] = {}
"""By corridor, where checkpoints stood when they were drawn last."""


class Roadsides:
    """Where checkpoints stand for trips, by the corridors that these use.

    As long as nothing changes they are the same objects from picture to picture.

    Parameters
    ----------
    checkpoints
        All of them.
    reaches
        By corridor.
    """

    def __init__(self, checkpoints: Sequence[Checkpoint], reaches: Mapping[str, Reach]) -> None:
        self._checkpoints, self._reaches = checkpoints, reaches
        self._of: dict[str | None, tuple[Stand, ...]] = {}

    def of(self, corridor_id: str | None) -> tuple[Stand, ...]:
        """Return where checkpoints stand for a trip through a corridor, or through none."""
        if corridor_id not in self._of:
            own = None if corridor_id is None else self._reaches.get(corridor_id)
            drawn = stands(self._checkpoints, own)
            if _stands.get(corridor_id) != drawn:
                _stands[corridor_id] = drawn
            self._of[corridor_id] = _stands[corridor_id]
        return self._of[corridor_id]


@dataclass(frozen=True, slots=True)
class _Way:
    """What was found out of one trip's road, as long as it is the same road."""

    geometry: Doc
    stands: tuple[Stand, ...]
    legs: Legs
    passings: tuple[Passing, ...]


_ways: dict[str, _Way] = {}
"""Roads of the trips that are given out: looking for checkpoints beside them takes its time."""


def approach(desk: Desk, assignment_id: str, roadsides: Roadsides) -> Approach | None:
    """Return when a trip under way or planned comes to checkpoints; None where to none.

    Times are stated driving times without stays. Who has left is where the position says, else
    where it would be by the clock; who was scanned at a checkpoint on this leg does not come again.

    Parameters
    ----------
    desk
        What dispatch knows.
    assignment_id
        The trip's.
    roadsides
        Where checkpoints stand.
    """
    fields = _bound(desk, assignment_id)
    beside = roadsides.of(fields.get("corridor_id")) if fields is not None else ()
    if fields is None or not beside:
        _ways.pop(assignment_id, None)
        return None
    way = _way(assignment_id, fields, beside)
    found = _approach(desk, assignment_id, fields, way) if way.passings else None
    return found if found and found.ahead else None


def _bound(desk: Desk, assignment_id: str) -> Doc | None:
    """Return the facts of a trip that is given out, or waits for its place in a slot."""
    view = desk.view("assignment", assignment_id)
    if view is not None:
        return view if view["status"] in ACTIVE else None
    own = desk.own("assignment", assignment_id)
    fields: Doc | None = own.get("fields") if own.get("stage") == "asked" else None
    return fields


def _way(assignment_id: str, fields: Doc, beside: tuple[Stand, ...]) -> _Way:
    geometry, pickup = fields["route"]["geometry"], fields["pickup"]
    known = _ways.get(assignment_id)
    if known is not None and known.geometry is geometry and known.stands is beside:
        return known
    if known is not None and known.geometry is geometry:
        legs = known.legs
    else:
        legs = Legs(split(geometry, pickup["lat"], pickup["lon"]))
    _ways[assignment_id] = _Way(geometry, beside, legs, legs.passings(beside))
    return _ways[assignment_id]


@dataclass(frozen=True, slots=True)
class _Times:
    """When a trip's two legs begin and how long they take, seconds, as they were planned."""

    begins_s: tuple[float, float]
    takes_s: tuple[float, float]


def _approach(desk: Desk, assignment_id: str, fields: Doc, way: _Way) -> Approach:
    times = _times(desk, fields, way.legs)
    now_s, begins_s = desk.now.timestamp(), times.begins_s
    leg = 1 if fields.get("status") == "loaded" else 0
    left = leg == 1 or (fields.get("status") == "accepted" and now_s > begins_s[0])
    share, from_s = 0.0, max(begins_s[0], now_s)
    if left:
        share, from_s = _share(desk, fields, way.legs, leg, times)
    first_s = (1 - share) * times.takes_s[leg]
    stays_s = begins_s[1] - begins_s[0] - times.takes_s[0]
    ahead = []
    for one in way.passings:
        if one.leg < leg or (one.leg == leg and left and one.share <= share):
            continue
        drive_s = (one.share - (share if one.leg == leg else 0.0)) * times.takes_s[one.leg]
        if one.leg > leg:
            drive_s += first_s + max(0.0, stays_s)
        if not _was_there(desk, fields, one, times):
            ahead.append((one.place_id, drive_s))
    ahead.sort(key=lambda each: each[1])
    return Approach(vehicle=assignment_id, from_s=from_s, ahead=tuple(ahead), planned=not left)


def _times(desk: Desk, fields: Doc, legs: Legs) -> _Times:
    departure, pickup = (_at(fields[name]) for name in ("departure", "pickup_eta"))
    lot = desk.state("lot", fields["lot_id"]) or {}
    ready = _at(lot["ready_from"]) if lot else pickup
    whole_m = sum(legs.length_m)
    loaded_share = legs.length_m[1] / whole_m if whole_m > 0 else 0.0
    return _Times(
        (departure, max(pickup, ready) + _LOAD_S),
        (max(0.0, pickup - departure), loaded_share * fields["route"]["duration_s"]),
    )


def _share(desk: Desk, fields: Doc, legs: Legs, leg: int, times: _Times) -> tuple[float, float]:
    """Return how much of its leg a truck had behind it, and when."""
    position = (desk.state("truck", fields["truck_id"]) or {}).get("position")
    if position is not None and _is_of_leg(desk, fields, leg, position):
        share = legs.share(position["lat"], position["lon"], leg, STRAYED_M)
        if share is not None:
            return share, _at(position["at"])
    now_s, takes_s = desk.now.timestamp(), times.takes_s[leg]
    gone_s = now_s - times.begins_s[leg]
    return (min(1.0, max(0.0, gone_s / takes_s)) if takes_s > 0 else 1.0), now_s


def _is_of_leg(desk: Desk, fields: Doc, leg: int, position: Doc) -> bool:
    """Tell whether a position is fresh, and was not taken on the way to what is aboard by now."""
    at = parse_time(position["at"])
    since = parse_time(fields["updated_at"] if leg == 1 else fields["departure"])
    return desk.now - at <= FRESH and at > since


def _was_there(desk: Desk, fields: Doc, one: Passing, times: _Times) -> bool:
    """Tell whether the truck was scanned at a checkpoint on that leg: then it is in the queue."""
    sign = (desk.state("truck", fields["truck_id"]) or {}).get("last_checkpoint")
    if sign is None or sign["checkpoint_id"] != one.place_id:
        return False
    since_s = times.begins_s[0]
    if one.leg == 1:
        if fields.get("status") != "loaded":
            return False
        # it may have loaded earlier than planned, and was told of again since
        since_s = min(since_s + times.takes_s[0], _at(fields["updated_at"]))
    return _at(sign["at"]) >= since_s


def _at(moment: str) -> float:
    return parse_time(moment).timestamp()
