"""Know what simulated trucks know: places, the force, harvest times and hauliers' manners."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from infra.scenario.script import Script
from infra.scenario.stray import Lane
from infra.scenario.way import LatLon, Way
from schemas.model import parse_time


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One truck as it was registered."""

    truck_id: str
    plate: str
    driver_id: str
    home: LatLon


@dataclass(frozen=True, slots=True)
class Post:
    """One checkpoint."""

    place_id: str
    spot: LatLon
    bays: int


@dataclass(frozen=True, slots=True)
class Manner:
    """How a haulier answers offers, where it does not accept each."""

    decline_share: float = 0.0
    decline_facility_region: str | None = None
    silent_share: float = 0.0


@dataclass(slots=True)
class World:
    """What the trucks of one scenario know.

    Attributes
    ----------
    seed
        Everything random is drawn from it and from the ids of truck and lot.
    vehicles
        Trucks that drive what they are given; those that the file itself drives are left out.
    posts, facilities, facility_regions
        Checkpoints; where facilities lie, and in which region.
    ready_from
        From when each lot may be loaded.
    manners
        By haulier.
    lanes
        Corridors that are lines.
    strays
        How many trucks leave their corridor, and come back.
    """

    seed: int
    vehicles: dict[str, Vehicle] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    facilities: dict[str, LatLon] = field(default_factory=dict)
    facility_regions: dict[str, str] = field(default_factory=dict)
    ready_from: dict[str, datetime] = field(default_factory=dict)
    manners: dict[str, Manner] = field(default_factory=dict)
    lanes: dict[str, Lane] = field(default_factory=dict)
    strays: int = 0

    @classmethod
    def of(cls, script: Script) -> World:
        """Gather what a scenario file says."""
        meta = script.meta
        world = cls(seed=int(meta.get("seed", 0)), strays=int(meta.get("strays", 0)))
        scripted = set(script.meta.get("scripted_trucks", ()))
        posts: dict[str, Post] = {}
        opened: dict[str, Any] = {}
        for line in script.lines:
            data: Any = line.raw.get("data")
            try:
                if line.type == "corridor.opened":
                    opened[data["corridor_id"]] = data
                world._learn(line.type, data, posts, scripted)
            except (KeyError, TypeError, ValueError):
                continue  # a malformed line: the stack buries it
        world.posts = list(posts.values())
        places = world.facilities | {post.place_id: post.spot for post in world.posts}
        world.lanes = {name: lane for name, data in opened.items() if (lane := _lane(data, places))}
        for haulier_id, manner in script.meta.get("hauliers", {}).items():
            world.manners[haulier_id] = Manner(**manner)
        return world

    def _learn(
        self, event_type: str, data: Any, posts: dict[str, Post], scripted: set[str]
    ) -> None:
        if event_type == "truck.registered" and data["truck_id"] not in scripted:
            home = (float(data["home"]["lat"]), float(data["home"]["lon"]))
            driver_id = data.get("driver_id") or data["truck_id"]
            vehicle = Vehicle(data["truck_id"], data["plate"], driver_id, home)
            self.vehicles[vehicle.truck_id] = vehicle
        elif event_type == "checkpoint.registered":
            spot = (float(data["lat"]), float(data["lon"]))
            posts[data["place_id"]] = Post(data["place_id"], spot, int(data.get("bays", 1)))
        elif event_type == "facility.registered":
            self.facilities[data["place_id"]] = (float(data["lat"]), float(data["lon"]))
            self.facility_regions[data["place_id"]] = data.get("region") or ""
        elif event_type in {"lot.declared", "lot.revised"} and data.get("ready_from"):
            self.ready_from[data["lot_id"]] = parse_time(data["ready_from"])

    def chance(self, *names: str) -> Random:
        """Return a source of chance that depends on the seed and these names only."""
        return Random("|".join((str(self.seed), *names)))


def _lane(data: dict[str, Any], places: dict[str, LatLon]) -> Lane | None:
    """Return a corridor as trucks know it; None where it is no line, or malformed."""
    try:
        geometry = data["geometry"]
        lines = geometry["coordinates"]
        if geometry["type"] == "LineString":
            lines = [lines]
        elif geometry["type"] != "MultiLineString":
            return None
        ways = tuple(Way((float(lat), float(lon)) for lon, lat in line) for line in lines)
        ids = {*data["facilities"], *data.get("allowed_stops", ()), *data.get("checkpoints", ())}
        spots = tuple(places[name] for name in sorted(ids & places.keys()))
        return Lane(ways, float(data.get("width_m", 200.0)) / 2, spots)
    except (KeyError, TypeError, ValueError):
        return None
