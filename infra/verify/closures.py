"""Judge `closures_respected`: no route is offered across a closure known and in force by then."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import shapely
from shapely.geometry.base import BaseGeometry

from infra.verify.bookings import Said, replay
from infra.verify.finding import Finding
from infra.verify.log import Log
from schemas.model import Geometry
from schemas.road import ClosureState

POINT_RADIUS_M = 100.0
"""A closure told as a point reaches so far (docs/contract)."""
METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class _Told:
    """What dispatch made known of one closure, and when."""

    appended_ms: int
    offset: int
    state: ClosureState


def judge(log: Log) -> Finding:
    """Judge the route of each offer, and each changed route of one."""
    finding = Finding()
    told = _told(log)
    for said, _ in replay(log):
        if not said.books or not _is_new_route(said):
            continue
        finding.checked += 1
        now = log.clock(said.entry.appended_ms)
        route = shape_of(said.now.route.geometry)
        for closure_id, history in told.items():
            state = _known(history, said.entry.appended_ms)
            if state is None or not _matters(state, now) or not _meets(route, state):
                continue
            finding.violate(
                "crosses_closure",
                f"{said.now.assignment_id} was {said.type.split('.')[1]} across {closure_id}, "
                f"which dispatch knew to be in force.",
                assignment_id=said.now.assignment_id,
                closure_id=closure_id,
                at=said.entry.place,
            )
    return finding


def _told(log: Log) -> dict[str, list[_Told]]:
    told: dict[str, list[_Told]] = {}
    for read in log.live("closure.state.v1"):
        state = read.event.data
        if isinstance(state, ClosureState):
            entry = _Told(read.entry.appended_ms, read.entry.offset, state)
            told.setdefault(state.closure_id, []).append(entry)
    return told


def _known(history: list[_Told], at_ms: int) -> ClosureState | None:
    """Return what dispatch had made known before a moment; of the same instant, nothing."""
    past = [told.state for told in history if told.appended_ms < at_ms]
    return past[-1] if past else None


def _matters(state: ClosureState, now: datetime) -> bool:
    """Tell whether a closure was in force at the offer (contract)."""
    if state.status != "in_force" or state.valid_from > now:
        return False
    return state.valid_until is None or now < state.valid_until


def _is_new_route(said: Said) -> bool:
    if said.type == "assignment.proposed" or said.before is None:
        return True
    return said.before.route.geometry != said.now.route.geometry


def shape_of(geometry: Geometry) -> BaseGeometry:
    """Return a GeoJSON geometry as a plane shape; a polygon that crosses itself is mended."""
    return _shape(geometry.model_dump_json())


@lru_cache(maxsize=4096)
def _shape(text: str) -> BaseGeometry:
    made = shapely.force_2d(shapely.from_geojson(text))
    shape: BaseGeometry = made if made.is_valid else shapely.make_valid(made)
    shapely.prepare(shape)
    return shape


def _meets(route: BaseGeometry, state: ClosureState) -> bool:
    closed = shape_of(state.geometry)
    if state.geometry.type not in {"Point", "MultiPoint"}:
        return bool(shapely.intersects(closed, route))
    return any(_distance_m(route, point) < POINT_RADIUS_M for point in shapely.get_parts(closed))


def _distance_m(route: BaseGeometry, point: shapely.Point) -> float:
    stretch = math.cos(math.radians(point.y))
    plane = shapely.transform(
        route, lambda xy: (xy - (point.x, point.y)) * (stretch, 1.0) * METRES_PER_DEGREE
    )
    return float(plane.distance(shapely.Point(0, 0)))
