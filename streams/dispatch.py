"""Decide: one writer over one partition, which hears everything that dispatch has to know.

In: dispatch.inbox.v1, dispatch.command.v1, road.condition.v1, corridor.lifecycle.v1
State: assignment, closure, corridor, command; and what it has heard of trucks, lots, slots,
    facilities (`docs/architecture.md`)
Out: dispatch.assignment.v1, lot.decision.v1, slot.reservation.v1, corridor.watch.v1, alert.v1,
    state topics
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import ValidationError

from schemas.assignment import AssignmentFact, Command
from schemas.clock import ClockTicked
from schemas.dispatch import (
    LeftLot,
    PlanComputed,
    PlanFailed,
    PlannedTrip,
    RefusedOverride,
    StateKnown,
)
from schemas.envelope import Event, explain
from schemas.lot import LotUnassigned
from schemas.model import parse_time
from schemas.slot import Reservation
from streams.alarm import clear, warn
from streams.booking import (
    confirmed,
    end,
    move,
    open_kg,
    rejected,
    released,
    reserve,
    settle_lots,
)
from streams.closures import RULES, key_of, trips_through
from streams.commands import answer_override, carry_out, settle_overrides, unfit_truck
from streams.desk import Desk
from streams.entity import KEPT, EntityFold
from streams.fold import (
    Answer,
    Applied,
    Arrival,
    DeadLetter,
    Doc,
    Entity,
    Outcome,
    Step,
    Store,
    Unknown,
)
from streams.keeping import forget
from streams.knowledge import learn
from streams.outage import note_failure, note_plan
from streams.overdue import note_no_show, note_overdue, settle_no_show
from streams.standing import watch
from streams.watched import settle_watches

_TOPICS = (
    "dispatch.inbox.v1",
    "dispatch.command.v1",
    "road.condition.v1",
    "corridor.lifecycle.v1",
)


class DispatchFold:
    """The fold of dispatch."""

    name = "dispatch"
    topics: tuple[str, ...] = _TOPICS
    whole = True

    def __init__(self, kept: timedelta = KEPT) -> None:
        self._kept = kept
        self._roads = EntityFold("dispatch", (), RULES, key_of=key_of)

    def waits(self, entity: Entity) -> bool:
        """Say whether passing time may mean something for an entry: a step looks at them all."""
        return bool(entity.parked)

    def step(self, store: Store, arrival: Arrival, now: datetime) -> Step:
        """Answer one arrival."""
        data = arrival.event.data
        if isinstance(data, ClockTicked):
            now = data.now
        desk = Desk(store, now, arrival.raw.partition)
        if arrival.raw.topic == "dispatch.inbox.v1":
            return self._hear(desk, arrival)
        if isinstance(data, Command):
            return self._obey(desk, arrival)
        return self._close_roads(desk, arrival)

    def _hear(self, desk: Desk, arrival: Arrival) -> Step:
        event = arrival.event
        if isinstance(event.data, ClockTicked):
            return self._pass_time(desk, arrival)
        try:
            _inbox(desk, event)
        except ValidationError as error:
            letter = DeadLetter(arrival.raw, f"malformed: {explain(error)}")
            return Step(dead=(letter,), outcome="dead")
        return _finished(desk, "applied")

    def _pass_time(self, desk: Desk, arrival: Arrival) -> Step:
        """Let offers expire, call off what is overdue, and take up or bury parked records."""
        for key in desk.waiting():
            entity = desk.get(key)
            if entity is not None:
                self._take_up(desk, key, entity)
        expired = self._roads.step(desk, arrival, desk.now)
        desk.take(expired.changes)
        desk.dead += expired.dead
        pass_time(desk)
        forget(desk, self._kept)
        return _finished(desk, "ticked")

    def _take_up(self, desk: Desk, key: str, entity: Entity) -> None:
        """Carry out parked commands whose assignment is known by now."""
        fold = self._commands(desk)
        changed, taken = fold.take_up(entity, desk.now)
        if changed is entity:
            return
        desk.take({key: changed})
        for event in taken:
            carry_out(desk, event)

    def _commands(self, desk: Desk) -> EntityFold:
        def known(_entity: Entity, event: Event, _now: datetime) -> Answer:
            assignment_id = getattr(event.data, "assignment_id", "")
            if desk.view("assignment", assignment_id) is None:
                return Unknown(f"assignment {assignment_id}")
            return Applied()

        rules = dict.fromkeys(_COMMANDS, known)
        return EntityFold("dispatch", (), rules, key_of=lambda event: f"command:{event.id}")

    def _obey(self, desk: Desk, arrival: Arrival) -> Step:
        remembered = self._commands(desk).step(desk, arrival, desk.now)
        desk.take(remembered.changes)
        desk.dead += remembered.dead
        if remembered.outcome == "applied":
            carry_out(desk, arrival.event)
        return _finished(desk, remembered.outcome)

    def _close_roads(self, desk: Desk, arrival: Arrival) -> Step:
        known = self._roads.step(desk, arrival, desk.now)
        desk.take(known.changes)
        desk.dead += known.dead
        if known.outcome == "applied" and arrival.event.type in {"road.closed", "zone.restricted"}:
            for assignment_id in trips_through(desk):
                _cut_off(desk, assignment_id)
        return _finished(desk, known.outcome)


def _finished(desk: Desk, outcome: Outcome) -> Step:
    settle_overrides(desk)
    settle_lots(desk)
    settle_watches(desk)
    return Step(desk.changes, tuple(desk.outputs), tuple(desk.dead), outcome=outcome)


def _inbox(desk: Desk, event: Event) -> None:
    data = event.data
    if isinstance(data, StateKnown):
        learn(desk, data)
    elif isinstance(data, PlanComputed):
        take_plan(desk, data)
    elif isinstance(data, PlanFailed):
        note_failure(desk, data)
    elif isinstance(data, Reservation):
        _ANSWERS[event.type](desk, data)


_ANSWERS = {
    "reservation.confirmed": confirmed,
    "reservation.rejected": rejected,
    "reservation.released": released,
    "reservation.no_show": note_no_show,
}

_COMMANDS = (
    "assignment.accept",
    "assignment.decline",
    "assignment.cancel",
    "assignment.pin",
    "assignment.override",
    "assignment.report_loaded",
    "assignment.report_delivered",
    "assignment.report_problem",
)


def _cut_off(desk: Desk, assignment_id: str) -> None:
    """Have the planner find another road for a trip; a pinned one is a person's to decide."""
    view = desk.view("assignment", assignment_id)
    if view is not None and view["pinned"]:
        params = {"assignment_id": assignment_id}
        warn(desk, "pinned_crosses_closure", view["truck_id"], params, view["region"])
    else:
        desk.keep("assignment", assignment_id, need="road")


def take_plan(desk: Desk, plan: PlanComputed) -> None:
    """Carry out a plan as far as it still holds; what does not is planned again.

    Parameters
    ----------
    desk
        The step.
    plan
        What the planner found; it was made from what was known some moments ago.
    """
    if desk.own("desk", "plan").get("last") == plan.plan_id:
        return
    for trip in plan.trips:
        if trip.revises is not None:
            move(desk, trip.revises, trip.fields)
        elif desk.get(f"assignment:{trip.assignment_id}") is None:
            _book(desk, trip)
    for refused in plan.refused_overrides:
        _refuse_override(desk, refused)
    for stranded in plan.stranded:
        _strand(desk, stranded)
    for lot_id in plan.waiting:
        desk.keep("lot", lot_id, cause_ms=None)
    for left in plan.unassigned:
        _leave(desk, left)
    desk.keep("desk", "plan", last=plan.plan_id)
    if plan.is_last:
        note_plan(desk, plan)


def _book(desk: Desk, trip: PlannedTrip) -> None:
    whole = {**trip.fields, "accept_by": trip.fields.get("departure"), "status": "proposed"}
    fields = AssignmentFact.model_validate(
        {**whole, "assignment_id": trip.assignment_id}
    ).model_dump(mode="json", exclude={"accept_by", "status", "revision", "reason", "actor"})
    driving = trip.fields.get("driving")
    override = trip.fields.get("overrides")
    if override is None:
        reserve(desk, trip.assignment_id, fields, driving=driving)
        return
    replaced = str(override)
    wanted = desk.own("assignment", replaced).get("override")
    if wanted is None:
        return
    attempt = desk.branch()
    attempt.keep("assignment", replaced, override=None)
    answer_override(attempt, replaced, wanted, None)
    end(attempt, replaced, "cancelled", reason="override", actor=wanted["actor"])
    obstacle = reserve(attempt, trip.assignment_id, fields, forced=True, driving=driving)
    if obstacle is None:
        desk.merge(attempt)
        return
    refused = RefusedOverride(
        command_id=wanted["command_id"],
        assignment_id=replaced,
        reason=obstacle,
        detail="What the override needs was taken meanwhile; look again and repeat it.",
    )
    _refuse_override(desk, refused)


def _refuse_override(desk: Desk, refused: RefusedOverride) -> None:
    wanted = desk.own("assignment", refused.assignment_id).get("override")
    if wanted is None or wanted["command_id"] != refused.command_id:
        return
    desk.keep("assignment", refused.assignment_id, override=None)
    refusal = (refused.reason, refused.detail)
    answer_override(desk, refused.assignment_id, wanted, refusal)


def _strand(desk: Desk, stranded: LeftLot) -> None:
    """Call a trip off that has no road any more; a loaded truck is a person's to help."""
    assignment_id = stranded.lot_id
    own, view = desk.own("assignment", assignment_id), desk.view("assignment", assignment_id)
    if view is None or own.get("need") is None:
        return
    if view["status"] in {"proposed", "accepted"}:
        end(desk, assignment_id, "cancelled", reason="no_road")
    elif view["status"] == "loaded" and not own.get("stranded"):
        if own["need"] == "road":
            desk.keep("assignment", assignment_id, need="slot")
            return
        desk.keep("assignment", assignment_id, stranded=True)
        params = {
            "assignment_id": assignment_id,
            "reasons": [reason.model_dump(mode="json") for reason in stranded.reasons],
        }
        warn(desk, "truck_stranded", view["truck_id"], params, view["region"])


def _leave(desk: Desk, left: LeftLot) -> None:
    """Tell why a lot is left, once for every new reason."""
    own = desk.own("lot", left.lot_id)
    state = own.get("state")
    still_open = min(left.quantity_kg, open_kg(desk, left.lot_id))
    if state is None or still_open <= 0:
        return
    told = [still_open, sorted(reason.code for reason in left.reasons)]
    desk.keep("lot", left.lot_id, cause_ms=None)
    if own.get("left") == told:
        return
    revision = own.get("revision", 0) + 1
    desk.keep("lot", left.lot_id, left=told, revision=revision)
    data = LotUnassigned(
        lot_id=left.lot_id,
        region=state["region"],
        quantity_kg=still_open,
        reasons=left.reasons,
        revision=revision,
    )
    desk.say("lot.decision.v1", "lot.unassigned", data, f"{left.lot_id}@{revision}")


def pass_time(desk: Desk) -> None:
    """Let offers expire, call off what is overdue, and warn of lots that spoil."""
    for assignment_id in desk.ids("assignment"):
        view = desk.view("assignment", assignment_id)
        if view is None:
            continue
        _check_override(desk, assignment_id, view)
        watch(desk, assignment_id, view)
        if view["status"] == "proposed" and desk.now > parse_time(view["accept_by"]):
            end(desk, assignment_id, "expired", reason="no_answer", forbid=True)
        else:
            note_overdue(desk, assignment_id, view)
        settle_no_show(desk, assignment_id, view)
    for lot_id in desk.ids("lot"):
        _warn_of_lot(desk, lot_id)


def _check_override(desk: Desk, assignment_id: str, view: Doc) -> None:
    """Refuse an override that waits for a truck which another trip took meanwhile."""
    wanted = desk.own("assignment", assignment_id).get("override")
    if wanted is None:
        return
    refusal = unfit_truck(desk, wanted["truck_id"], view)
    if refusal is None:
        return
    desk.keep("assignment", assignment_id, override=None)
    answer_override(desk, assignment_id, wanted, refusal)


def _warn_of_lot(desk: Desk, lot_id: str) -> None:
    own = desk.own("lot", lot_id)
    state = own.get("state")
    if state is None:
        return
    lost = (
        state["status"] != "withdrawn"
        and desk.now > parse_time(state["hold_until"])
        and open_kg(desk, lot_id) > 0
    )
    if lost and not own.get("lost"):
        desk.keep("lot", lot_id, lost=True)
        params = {"lot_id": lot_id, "quantity_kg": open_kg(desk, lot_id)}
        warn(desk, "lot_lost", lot_id, params, state["region"])
    elif own.get("lost") and not lost:
        desk.keep("lot", lot_id, lost=None)
        clear(desk, "lot_lost", lot_id)


DISPATCH_FOLD = DispatchFold()
