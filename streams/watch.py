"""Watch trucks on their corridors: beside the fold of trucks, in the truck's own partition.

In: corridor.watch.v1, and what the fold of trucks reads
State: ~watch/TRUCK (what is known of a truck on its corridor), ~course/… (a corridor, for watching)
Out: corridor.lifecycle.v1, alert.v1

What is wrong is judged in `routing.corridors`; here positions, clearances and ticks are brought to
it. Only trucks that are watched cost anything: a mark in the truck's own row says which.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from routing.corridors import (
    CorridorRules,
    Fix,
    OnCorridor,
    Raised,
    Said,
    Scan,
    begun,
    from_doc,
    left,
    passed,
    rules_of,
    see,
    to_doc,
    took,
)
from schemas.alert import AlertCleared, AlertRaised
from schemas.checkpoint import Clearance
from schemas.clock import ClockTicked
from schemas.corridor import CorridorState, FindingMended, WatchBegun, WatchEnded
from schemas.envelope import Event
from schemas.model import format_time
from schemas.topics import CATALOGUE
from schemas.truck import TruckPositionReported
from streams.clearance import sign_of
from streams.closures import KIND_OF_TYPE
from streams.entity import CHANGED_AT_ONCE, EntityFold
from streams.fold import Applied, Arrival, Doc, Entity, Output, Step, Store, derived_id

WATCHES_REMEMBERED = 64
"""Identities of watches kept of each truck."""
LOOKED_AT_EVERY_S = 30.0
"""How often time passes for a watched truck; what it can mean is a matter of minutes."""

_TOPIC = "corridor.watch.v1"
_SAID_ON = CATALOGUE["corridor.lifecycle.v1"]
_WATCH, _COURSE = "~watch/", "~course/"  # no identifier may hold a tilde
_COURSES_KEPT = 256
_TYPES = {kind: event_type for event_type, kind in KIND_OF_TYPE.items()}

_Judge = Callable[[CorridorRules, OnCorridor], tuple[OnCorridor, tuple[Said, ...]]]


def _key_of(event: Event) -> str:
    return f"{_WATCH}{event.key}"


def _holds(_entity: Entity, _event: Event, _now: datetime) -> Applied:
    """Let the event be counted and remembered: what it means needs more than its own entity."""
    return Applied()


class WatchingFold:
    """The fold of trucks, with an eye on those that are on a corridor.

    Parameters
    ----------
    trucks
        What happens to trucks; its memory limits hold for watches, too.
    """

    whole = False

    def __init__(self, trucks: EntityFold) -> None:
        self.name = trucks.name
        self.topics = (*trucks.topics, _TOPIC)
        self.limits = trucks.limits
        self._trucks = trucks
        self._watches = EntityFold(
            trucks.name,
            (),
            {"watch.begun": _holds, "watch.ended": _holds},
            memory_limits=trucks.limits,
            key_of=_key_of,
        )
        self._rules: dict[str, CorridorRules] = {}

    def waits(self, entity: Entity) -> bool:
        """Say whether passing time may mean something for an entity."""
        return "watch" in entity.own or self._trucks.waits(entity)

    def step(self, store: Store, arrival: Arrival, now: datetime) -> Step:
        """Answer one arrival."""
        event = arrival.event
        if event.topic == _TOPIC:
            return self._told(store, arrival, now)
        step = self._trucks.step(store, arrival, now)
        if isinstance(event.data, ClockTicked):
            return self._pass_time(store, step, event.data.now.timestamp())
        truck = step.changes.get(event.key) if step.outcome == "applied" else None
        if truck is None or not truck.own.get("watched"):
            return step
        return self._follow(store, step, event, now.timestamp())

    def _told(self, store: Store, arrival: Arrival, now: datetime) -> Step:
        """Begin to watch a truck, or end it, as dispatch says."""
        step = self._watches.step(store, arrival, now)
        event, data = arrival.event, arrival.event.data
        assert isinstance(data, WatchBegun | WatchEnded)
        truck, watch = store.get(event.key), step.changes.get(_key_of(event))
        if step.outcome != "applied" or truck is None or watch is None:
            return step
        known = watch.own.get("watch")
        ends = isinstance(data, WatchEnded)
        if ends and (known is None or known["assignment_id"] != data.assignment_id):
            return step
        changes = {**step.changes}
        outputs: tuple[Output, ...] = ()
        if known is not None:
            watch, outputs = self._end(store, watch, event)
            changes |= _left_by(store, known["course"], event.key)
        if isinstance(data, WatchBegun):
            course_key, course = _course(store, changes, data, arrival.raw.partition)
            changes[course_key] = course
            watch = watch.but(own={**watch.own, "watch": _begun(event, data, course_key)})
        changes[_key_of(event)] = watch
        changes[event.key] = truck.but(own={**truck.own, "watched": not ends})
        return step._replace(changes=changes, outputs=outputs)

    def _end(self, store: Store, watch: Entity, event: Event) -> tuple[Entity, tuple[Output, ...]]:
        at_s = event.time.timestamp()
        watch, outputs = self._judged(
            store, watch, lambda rules, state: left(rules, event.key, state, at_s)
        )
        own = {name: value for name, value in watch.own.items() if name != "watch"}
        return watch.but(own=own), outputs

    def _follow(self, store: Store, step: Step, event: Event, now_s: float) -> Step:
        """Judge what a watched truck did, as far as that is told by one event."""
        key, data, at_s = _key_of(event), event.data, event.time.timestamp()
        watch = store.get(key)
        if watch is None or "watch" not in watch.own or at_s < watch.own["watch"]["since_s"]:
            return step
        if not isinstance(data, TruckPositionReported | Clearance):
            return step

        def judge(rules: CorridorRules, state: OnCorridor) -> tuple[OnCorridor, tuple[Said, ...]]:
            if isinstance(data, Clearance):
                item = Scan(at_s, data.checkpoint_id, sign_of(event).decision)
                return took(rules, event.key, state, item, now_s=now_s)
            (seen,) = see(rules.course, [Fix(at_s, data.lat, data.lon)])
            return took(rules, event.key, state, seen, now_s=now_s)

        watch, outputs = self._judged(store, watch, judge)
        return step._replace(
            changes={**step.changes, key: watch}, outputs=(*step.outputs, *outputs)
        )

    def _pass_time(self, store: Store, step: Step, now_s: float) -> Step:
        """Let time go by for the trucks that are watched, each of them now and then."""
        changes, outputs = {**step.changes}, [*step.outputs]
        for key in store.waiting():
            watch = store.get(key) if key.startswith(_WATCH) else None
            known = None if watch is None else watch.own.get("watch")
            if watch is None or known is None or known["looked_s"] + LOOKED_AT_EVERY_S > now_s:
                continue
            if len(changes) >= CHANGED_AT_ONCE:
                break
            watch = watch.but(own={**watch.own, "watch": {**known, "looked_s": now_s}})
            truck_id = key.removeprefix(_WATCH)
            changes[key], said = self._judged(store, watch, _time_passed(truck_id, now_s))
            outputs += said
        return step._replace(changes=changes, outputs=tuple(outputs))

    def _judged(
        self, store: Store, watch: Entity, judge: _Judge
    ) -> tuple[Entity, tuple[Output, ...]]:
        """Return a watch as it is after a judgement, and what is to be said of it."""
        known = watch.own["watch"]
        state, said = judge(self._rules_of(store, known["course"]), from_doc(known["state"]))
        after = {**known, "state": to_doc(state)}
        outputs = tuple(output for one in said for output in _said(known, one))
        return watch.but(own={**watch.own, "watch": after}), outputs

    def _rules_of(self, store: Store, course_key: str) -> CorridorRules:
        """Return a corridor as it is watched; its key names its content, so it may be kept."""
        if course_key not in self._rules:
            course = store.get(course_key)
            assert course is not None, "a course is kept for as long as a truck is watched on it"
            if len(self._rules) >= _COURSES_KEPT:
                self._rules.clear()
            corridor = CorridorState.model_validate(course.own["corridor"])
            self._rules[course_key] = rules_of(corridor, course.own["places"])
        return self._rules[course_key]


def _time_passed(truck_id: str, now_s: float) -> _Judge:
    return lambda rules, state: passed(rules, truck_id, state, now_s)


def _begun(event: Event, data: WatchBegun, course_key: str) -> Doc:
    at_s = event.time.timestamp()
    return {
        "truck_id": data.truck_id,
        "assignment_id": data.assignment_id,
        "corridor_id": data.corridor.corridor_id,
        "region": data.corridor.region,
        "course": course_key,
        "since_s": at_s,
        "looked_s": at_s,
        "state": to_doc(begun(joined=False)),
    }


def _course(
    store: Store, changes: dict[str, Entity | None], data: WatchBegun, partition: int
) -> tuple[str, Entity]:
    """Return a corridor's row with this truck on it: one for all trucks of the partition."""
    corridor = data.corridor.model_dump(mode="json", exclude={"version", "updated_at", "findings"})
    places = {place.place_id: [place.lat, place.lon] for place in data.places}
    corridor_id = data.corridor.corridor_id
    key = f"{_COURSE}{corridor_id}/{derived_id(str(corridor), str(places))}"
    course = changes.get(key) or store.get(key) or Entity(partition)
    whole = data.corridor.model_dump(mode="json")
    trucks = sorted({*course.own.get("trucks", ()), data.truck_id})
    return key, course.but(own={"corridor": whole, "places": places, "trucks": trucks})


def _left_by(store: Store, course_key: str, truck_id: str) -> dict[str, Entity | None]:
    """Return a corridor's row without a truck; none where it was the last one."""
    course = store.get(course_key)
    if course is None:
        return {}
    trucks = [one for one in course.own["trucks"] if one != truck_id]
    return {course_key: course.but(own={**course.own, "trucks": trucks}) if trucks else None}


def _said(watch: Doc, one: Said) -> tuple[Output, Output]:
    """Say a finding, or its end, on the corridor's topic and as an alert."""
    at = datetime.fromtimestamp(one.at_s, UTC)
    alert_id = _short(one.alert_id)
    names = {name: watch[name] for name in ("corridor_id", "truck_id")}
    name = f"{alert_id}/{round(one.at_s * 1000)}"
    if not isinstance(one, Raised):
        mended = FindingMended(**names, alert_id=alert_id, kind=one.kind)
        cleared = AlertCleared(alert_id=alert_id, subject=watch["truck_id"])
        return (
            Output(_SAID_ON.name, "corridor.finding_mended", mended, name, at),
            Output("alert.v1", "alert.cleared", cleared, name, at),
        )
    since = datetime.fromtimestamp(one.since_s, UTC)
    about = {"checkpoint_id": one.about} if one.about else {}
    event_type = _TYPES[one.kind]
    found = _SAID_ON.types[event_type].model_validate(
        {
            **names,
            **about,
            "assignment_id": watch["assignment_id"],
            "alert_id": alert_id,
            "since": since,
            "evidence": one.evidence,
        }
    )
    told = {name: one.evidence[name] for name in ("beyond_m", "stood_s") if name in one.evidence}
    alert = AlertRaised(
        alert_id=alert_id,
        subject=watch["truck_id"],
        code=f"corridor_{one.kind}",
        severity="warning",
        region=watch["region"],
        params={
            "corridor_id": watch["corridor_id"],
            "assignment_id": watch["assignment_id"],
            "at": format_time(since),
            **about,
            **told,
        },
    )
    return (
        Output(_SAID_ON.name, event_type, found, name, at),
        Output("alert.v1", "alert.raised", alert, name, at),
    )


def _short(alert_id: str) -> str:
    """Keep a name within what an alert's may have, however long the ids are that it is made of."""
    return alert_id if len(alert_id) <= 300 else f"corridor/{derived_id(alert_id)}"
