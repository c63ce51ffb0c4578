"""Write a finished plan out: a trip for each consignment, a route for each truck."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from routing.dispatch.corridors import why_none
from routing.dispatch.drives import metres
from routing.dispatch.outcome import Route, RouteStop, Trip
from routing.dispatch.problem import DrivingState
from routing.dispatch.timeline import drive
from routing.dispatch.tours import costs_of, home_s_of, tours_of
from routing.dispatch.words import Word, tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Literal

    from routing.dispatch.drives import Drives
    from routing.dispatch.problem import Point, Slot
    from routing.dispatch.table import Table
    from routing.dispatch.tours import Carried, Tour
    from routing.dispatch.work import Standing, Step, Task, Work

    Kind = Literal["pickup", "delivery", "drop", "handover", "takeover", "home"]
    Lengths = Mapping[tuple[str, Point, Point], float]


class Scribe:
    """Writes the trips and routes of a plan.

    Parameters
    ----------
    table, drives, work
        The problem, the driving times of its places, and the plan.
    """

    def __init__(self, table: Table, drives: Drives, work: Work) -> None:
        self.table, self.drives, self.work = table, drives, work
        self.tours = [
            tour
            for truck in range(len(table.problem.trucks))
            for tour in tours_of(work.steps[truck], truck, home_s=self._home_s(truck) or 0)
        ]
        self.lengths = self._lengths()

    def _home_s(self, truck: int) -> int | None:
        return home_s_of(self.table, self.drives, truck, self.work.steps[truck])

    def _lengths(self) -> Lengths:
        trucks = self.table.problem.trucks
        pairs: dict[str, dict[tuple[Point, Point], None]] = {}
        for truck, steps in enumerate(self.work.steps):
            own = pairs.setdefault(trucks[truck].vehicle_class, {})
            own |= {(one, two): None for step in steps for one, two, _ in step.hops}
        return {
            (name, *pair): length
            for name, own in pairs.items()
            for pair, length in zip(
                own, metres(self.table.problem.travel, name, list(own)), strict=True
            )
        }

    def at(self, seconds: int) -> datetime:
        """Return the time so many seconds from now."""
        return self.table.problem.now + timedelta(seconds=seconds)

    def trips(self) -> list[Trip]:
        """Return the trips of all consignments, truck by truck, in the order of delivery."""
        return [
            self._trip(tour, one, cost)
            for tour in self.tours
            for one, cost in zip(tour.carried(), costs_of(self.table, tour), strict=True)
        ]

    def _trip(self, tour: Tour, one: Carried, cost: dict[str, float]) -> Trip:
        table, errand, task = self.table, one.errand, one.unloaded.task
        truck, lane = table.problem.trucks[tour.truck], errand.lane
        steps = tour.steps[: tour.steps.index(one.unloaded) + 1]
        empty_m, loaded_m = self._metres(tour, len(steps))
        slot, begin, (place, gate_id) = (
            slot_of(table, task),
            self.at(task.begin_s),
            end_names(table, task),
        )
        loaded = one.loaded or steps[0]
        corridor = None if lane.corridor is None else table.problem.corridors[lane.corridor]
        corridor_id = corridor.corridor_id if corridor else None
        reason = None
        if not errand.committed:
            reason = why_none(table, self.drives, tour.truck, one.unloaded)
        return Trip(
            truck_id=truck.truck_id,
            haulier_id=truck.haulier_id,
            lot_id=errand.lot.lot_id,
            quantity_kg=errand.quantity_kg,
            facility_id="" if place is None else place,
            gate_id=gate_id,
            slot_id="" if slot is None else slot.slot_id,
            window_start=begin if slot is None else slot.window_start,
            window_end=begin if slot is None else slot.window_end,
            corridor_id=corridor_id,
            corridor_reason=reason,
            via=_passed(steps),
            departure=self.at(steps[0].departure_s),
            pickup_eta=self.at(loaded.arrival_s if one.loaded else loaded.departure_s),
            pickup_done=self.at(loaded.task.end_s if one.loaded else loaded.departure_s),
            delivery_eta=begin,
            delivery_done=self.at(task.end_s),
            breaks=self._breaks(steps),
            driving=_state(one.unloaded.after),
            drive_s=sum(step.drive_s for step in steps),
            empty_m=empty_m,
            loaded_m=loaded_m,
            cost=cost,
            alternatives=(),
            explanation=self._explained(tour, one, cost)
            | {"corridor": {"corridor_id": corridor_id, "reason": reason}},
            forced=errand.forced,
            sequence=tour.sequence,
            leg=errand.leg,
            committed=errand.committed,
            pinned=errand.pinned,
            swap=table.problem.transhipments[lane.relief[0]].place_id if lane.relief else None,
        )

    def _metres(self, tour: Tour, count: int) -> tuple[float, float]:
        name = self.table.problem.trucks[tour.truck].vehicle_class
        sums = [0.0, 0.0]
        for step, aboard in zip(tour.steps[:count], tour.aboard_kg, strict=False):
            sums[bool(aboard)] += sum(self.lengths[name, one, two] for one, two, _ in step.hops)
        return sums[0], sums[1]

    def _breaks(self, steps: Sequence[Step]) -> tuple[tuple[datetime, datetime], ...]:
        return tuple((self.at(a), self.at(b)) for step in steps for a, b in step.breaks_s)

    def _explained(self, tour: Tour, one: Carried, cost: dict[str, float]) -> dict[str, Any]:
        table, errand, task = self.table, one.errand, one.unloaded.task
        truck, slot = table.problem.trucks[tour.truck], slot_of(table, task)
        window_s = None if slot is None else table.seconds(slot.window_end) - task.begin_s
        loaded = one.loaded
        wait_s = 0 if loaded is None else max(0, table.ready_s(errand.lot) - loaded.arrival_s)
        return {
            "summary": self._summary(tour, one),
            "cost": {part: round(value, 1) for part, value in cost.items()},
            "forced": errand.forced,
            "quantity": {
                "open_before_kg": errand.open_before_kg,
                "carried_kg": errand.quantity_kg,
                "spare_payload_kg": truck.payload_kg - errand.quantity_kg,
            },
            "slack_s": {
                "hold": table.hold_s(errand.lot) - task.begin_s,
                "window": window_s,
                "day_driving": table.params.day_s - one.unloaded.after.today_s,
            },
            "wait_s": {"pickup": wait_s, "facility": task.begin_s - task.arrival_s},
            "alternatives": [],
        }

    def _summary(self, tour: Tour, one: Carried) -> dict[str, str]:
        errand, task = one.errand, one.unloaded.task
        place, gate_id = end_names(self.table, task)
        loaded = one.loaded or tour.steps[0]
        said = {
            "truck_id": self.table.problem.trucks[tour.truck].truck_id,
            "carried_kg": errand.quantity_kg,
            "open_before_kg": errand.open_before_kg,
            "product": Word("product", errand.lot.product),
            "lot_id": errand.lot.lot_id,
            "pickup_name": start_name(self.table, task),
            "pickup_eta": self.at(loaded.arrival_s if one.loaded else loaded.departure_s),
            "facility_id": place or errand.lot.drop_name,
            "gate_id": gate_id,
            "delivery_eta": self.at(task.begin_s),
        }
        sentence = "trip" if task.slot is not None or errand.booked else "trip_to_drop"
        return tell(sentence, said, utc_offset_s=self.table.params.local_utc_offset_s)

    def routes(self) -> list[Route]:
        """Return the routes of the trucks that have any."""
        return [
            self._route(truck)
            for truck in range(len(self.table.problem.trucks))
            if self.work.steps[truck]
        ]

    def _route(self, truck: int) -> Route:
        steps, last = self.work.steps[truck], self.work.standing[truck]
        number = {
            id(step): tour.sequence
            for tour in self.tours
            if tour.truck == truck
            for step in tour.steps
        }
        stops = [self._stop(step, number.get(id(step), 0)) for step in steps]
        breaks, drive_s = self._breaks(steps), sum(step.drive_s for step in steps)
        home_s = self._home_s(truck)
        one = self.table.problem.trucks[truck]
        if one.home is not None and home_s is not None:
            arrival_s, since_s, more = drive(last.time_s, last.since_s, home_s, self.table.params)
            stops.append(self._home(last, one.home, arrival_s, stops[-1].sequence))
            breaks += tuple((self.at(a), self.at(b)) for a, b in more)
            last = type(last)(
                one.home, arrival_s, since_s, last.today_s + home_s, last.week_s + home_s
            )
        return Route(one.truck_id, tuple(stops), breaks, _state(last), drive_s + (home_s or 0))

    def _home(self, last: Standing, home: Point, arrival_s: int, sequence: int) -> RouteStop:
        arrival = self.at(arrival_s)
        return RouteStop(
            kind="home",
            place="",
            position=home,
            departure=self.at(last.time_s),
            through=None,
            through_at=None,
            arrival=arrival,
            start=arrival,
            end=arrival,
            lot_id="",
            quantity_kg=0,
            volume_l=0,
            sequence=sequence,
        )

    def _stop(self, step: Step, sequence: int) -> RouteStop:
        task = step.task
        through = step.hops[0][1] if len(step.hops) > 1 else None
        name = end_names(self.table, task)[0] or task.errand.lot.drop_name
        relief = task.errand.lane.relief
        return RouteStop(
            kind=_kind(task),
            place=name if task.part else start_name(self.table, task),
            position=step.after.place,
            departure=self.at(step.departure_s),
            through=through,
            through_at=None if step.through_s is None else self.at(step.through_s),
            arrival=self.at(step.arrival_s),
            start=self.at(task.begin_s),
            end=self.at(task.end_s),
            lot_id=task.errand.lot.lot_id,
            quantity_kg=task.errand.quantity_kg,
            volume_l=task.errand.volume_l,
            sequence=sequence,
            relief=relief[1] if relief and through and task.part else None,
        )


def slot_of(table: Table, task: Task) -> Slot | None:
    """Return the slot that a task enters, if any."""
    if task.errand.booked is not None:
        return task.errand.booked
    return None if task.slot is None else table.slots[task.slot]


def end_names(table: Table, task: Task) -> tuple[str | None, str]:
    """Return the id of the place where a consignment ends, None at a drop, and its gate."""
    slot, handover = slot_of(table, task), task.errand.lane.handover
    if slot is not None:
        return slot.facility_id, slot.gate_id
    if handover is not None:
        return table.problem.transhipments[handover].place_id, ""
    return None, ""


def start_name(table: Table, task: Task) -> str:
    """Return the name of the place where a consignment is loaded."""
    start = task.errand.lane.start
    if start is None:
        return task.errand.lot.pickup_name
    return table.problem.transhipments[start].place_id


def _kind(task: Task) -> Kind:
    lane = task.errand.lane
    if task.part == 0:
        return "pickup" if lane.start is None else "takeover"
    if lane.handover is not None:
        return "handover"
    return "drop" if lane.facility is None else "delivery"


def _passed(steps: Sequence[Step]) -> tuple[Point, ...]:
    """Return the places that some steps pass, the first one's beginning too."""
    first = steps[0]
    points = [first.before.place]
    for step in steps:
        points += [hop[1] for hop in step.hops]
    return tuple(points)


def _state(standing: Standing) -> DrivingState:
    return DrivingState(standing.since_s, standing.today_s, standing.week_s)
