"""Wait for answers under a steady load: until a view shows a position, until a cause is decided.

The whole stack runs: workers with their planner, projector, Redis, API. A thread reports positions
at a steady rate. A sampled position's wait ends when a read of its truck's view in Redis shows it,
or a later one; it begins with the broker's append time. A cause's wait goes from its append to the
append of what dispatch says to it: for a lot the offer of a truck or why it is left; for a decline
the next offer of that lot, or why it is left; for a closure the new road of the trip that it cuts,
or that trip's end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson

from infra.bench.measure import Tell
from infra.bench.streams.fleet import Fleet, Message
from infra.bench.streams.pour import Found, NoFigure, pour, quick_producer, read_all
from infra.bench.streams.town import closure, decline, lot, ports
from infra.settings import Settings
from infra.stack import running_stack
from schemas.topics import CATALOGUE

_TICK_S = 0.01
_LOOK_EVERY_S = 0.005
_LOST_AFTER_S = 20.0
_PLANNER_WITHIN_S = 240.0
_FIRST_LOT = 9999
_DECISIONS = ("dispatch.assignment.v1", "lot.decision.v1")
_OFFER, _LEFT = "assignment.proposed", "lot.unassigned"
_REVISED = frozenset({"assignment.revised", "assignment.cancelled"})


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to send.

    Attributes
    ----------
    trucks, rate
        How many trucks report how often a second, all together.
    warm_s, measured_s
        How long before anything is measured, and how long it is.
    samples
        Positions sampled a second.
    causes
        How many causes, evenly over the measured time.
    workers
        How many workers share the stack.
    """

    trucks: int = 1000
    rate: int = 1000
    warm_s: float = 15.0
    measured_s: float = 65.0
    samples: int = 20
    causes: int = 66
    workers: int = 2


@dataclass
class Waits:
    """What was found.

    Attributes
    ----------
    state_ms
        Waits of sampled positions, ascending.
    decision_ms
        Waits of causes by kind, each ascending.
    unseen, unanswered
        Sampled positions no view showed, and causes nothing was said to, in time.
    sent, rate
        Positions sent while measured, and how many that was a second.
    """

    state_ms: list[float] = field(default_factory=list)
    decision_ms: dict[str, list[float]] = field(default_factory=dict)
    unseen: int = 0
    unanswered: int = 0
    sent: int = 0
    rate: float = 0.0

    @property
    def all_decisions_ms(self) -> list[float]:
        """Every cause's wait, ascending."""
        return sorted(wait for waits in self.decision_ms.values() for wait in waits)


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value below which a share of ascending values lies; None of none."""
    if not ordered:
        return None
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def measure(settings: Settings, plan: Plan, seed: int, tell: Tell) -> Waits:
    """Start a stack, load it, and take the times.

    Parameters
    ----------
    settings
        Of a throw-away stack.
    plan
        What to send.
    seed
        Where all chance comes from.
    tell
        Is told what happens.
    """
    tell("starting a whole stack")
    with running_stack(settings, workers=plan.workers) as stack:
        now = datetime.now(UTC)
        every = timedelta(seconds=plan.trucks / plan.rate)
        fleet = Fleet(seed, plan.trucks, now, report_every=every)
        servers = stack.settings.bootstrap_servers
        pour(servers, [*ports(now), *fleet.registrations()])
        tell("waiting for the planner's first plan")
        _wake_planner(servers, seed)
        seconds = plan.warm_s + plan.measured_s
        load = _Load(servers, fleet.positions(int(plan.rate * seconds)), plan)
        look = _Look(stack.settings.redis_url, load)
        causes = _Causes(servers, plan, Random(f"{seed}/causes"))
        for thread in (load, look, causes):
            thread.start()
        tell(f"reporting {plan.rate:,} positions a second for {seconds:.0f} s")
        for thread in (load, look, causes):
            thread.join()
        return _gather(servers, load, look, causes)


def _wake_planner(servers: str, seed: int) -> None:
    """Declare a lot and wait for what becomes of it: the planner has loaded its roads then.

    Raises
    ------
    NoFigure
        Nothing becomes of it.
    """
    follower = _follower(servers, *_DECISIONS)
    until = time.monotonic() + _PLANNER_WITHIN_S
    try:
        pour(servers, [lot(_FIRST_LOT, Random(seed), datetime.now(UTC))])
        while time.monotonic() < until:
            for record in follower.consume(100, timeout=0.5):
                if record.error() is None and dict(record.headers())["ce_type"].decode() in {
                    _OFFER,
                    _LEFT,
                }:
                    return
    finally:
        follower.close()
    raise NoFigure(f"the planner has no plan after {_PLANNER_WITHIN_S:.0f} s")


def _gather(servers: str, load: _Load, look: _Look, causes: _Causes) -> Waits:
    found = Waits(sorted(look.waits_ms), unseen=look.unseen, sent=load.measured, rate=load.rate)
    said = [record for topic in _DECISIONS for record in read_all(servers, topic)]
    found.decision_ms, found.unanswered = decisions(causes.appended(), said)
    return found


def decisions(
    causes: Sequence[tuple[str, str, int]], said: Sequence[Found]
) -> tuple[dict[str, list[float]], int]:
    """Match causes with what was said to them.

    Parameters
    ----------
    causes
        Kind, the lot or trip that it concerns, and append time in milliseconds.
    said
        Every record of the topics in which dispatch decides.

    Returns
    -------
    dict, int
        Waits in milliseconds by kind, ascending, and how many causes nothing was said to.
    """
    by_lot, by_trip = _index(said)
    waits: dict[str, list[float]] = {}
    unanswered = 0
    for kind, subject, appended_ms in causes:
        answers = by_trip.get(subject, []) if kind == "closure" else by_lot.get(subject, [])
        later = [at for at in answers if at >= appended_ms]
        if later:
            waits.setdefault(kind, []).append(float(min(later) - appended_ms))
        else:
            unanswered += 1
    return {kind: sorted(each) for kind, each in waits.items()}, unanswered


def _index(said: Sequence[Found]) -> tuple[Mapping[str, list[int]], Mapping[str, list[int]]]:
    """Return when each lot was decided on, and when each trip was changed."""
    by_lot: dict[str, list[int]] = {}
    by_trip: dict[str, list[int]] = {}
    for record in said:
        kind = record.headers["ce_type"].decode()
        data = orjson.loads(record.value or b"{}")
        if kind in {_OFFER, _LEFT}:
            by_lot.setdefault(data["lot_id"], []).append(record.appended_ms)
        elif kind in _REVISED:
            by_trip.setdefault(data["assignment_id"], []).append(record.appended_ms)
    return by_lot, by_trip


class _Load(threading.Thread):
    """Reports positions at a steady rate, and names those to look for."""

    def __init__(self, servers: str, messages: Sequence[Message], plan: Plan) -> None:
        super().__init__(daemon=True)
        self._producer = quick_producer(servers)
        self._messages = messages
        self._plan = plan
        self._lock = threading.Lock()
        self._asked: list[tuple[str, datetime, int]] = []
        self._newest: dict[bytes, bytes] = {}
        self.measured, self.rate, self.done = 0, 0.0, False

    def run(self) -> None:
        began = time.monotonic()
        warm = int(self._plan.rate * self._plan.warm_s)
        every = max(self._plan.rate // self._plan.samples, 1)
        number = 0
        while number < len(self._messages):
            due = int((time.monotonic() - began) * self._plan.rate)
            while number < min(due, len(self._messages)):
                self._send(self._messages[number], sampled=number >= warm and number % every == 0)
                number += 1
            self._producer.poll(0)
            time.sleep(_TICK_S)
        self._producer.flush(30)
        self.measured = len(self._messages) - warm
        self.rate = len(self._messages) / (time.monotonic() - began)
        self.done = True

    def _send(self, one: Message, *, sampled: bool) -> None:
        told = dict(one.headers)["ce_time"]
        fresh = self._newest.get(one.key, b"") < told
        if fresh:
            self._newest[one.key] = told
        confirmed = self._confirmed(one.key.decode(), told) if sampled and fresh else None
        self._producer.produce(
            one.topic, one.value, one.key, one.partition, confirmed, headers=one.headers
        )

    def _confirmed(self, truck: str, told: bytes) -> Any:
        at = datetime.fromisoformat(told.decode())

        def note(error: Any, record: Any) -> None:
            if error is None:
                with self._lock:
                    self._asked.append((truck, at, record.timestamp()[1]))

        return note

    def asked(self) -> list[tuple[str, datetime, int]]:
        """Return the positions to look for since the last call: truck, time, append time."""
        with self._lock:
            asked, self._asked = self._asked, []
        return asked


class _Look(threading.Thread):
    """Reads views until they show what was reported."""

    def __init__(self, redis_url: str, load: _Load) -> None:
        super().__init__(daemon=True)
        self._redis_url = redis_url
        self._load = load
        self.waits_ms: list[float] = []
        self.unseen = 0

    def run(self) -> None:
        from redis import Redis  # noqa: PLC0415 - heavy

        waiting: list[tuple[str, datetime, int]] = []
        with Redis.from_url(self._redis_url) as redis:
            while not self._load.done or waiting:
                waiting += self._load.asked()
                if waiting:
                    waiting = self._look(redis, waiting)
                time.sleep(_LOOK_EVERY_S)

    def _look(
        self, redis: Any, waiting: list[tuple[str, datetime, int]]
    ) -> list[tuple[str, datetime, int]]:
        views = redis.hmget("view:truck", [truck for truck, _, _ in waiting])
        now_ms = time.time() * 1000
        left = []
        for (truck, at, appended_ms), view in zip(waiting, views, strict=True):
            position = orjson.loads(view)["position"] if view else None
            if position is not None and datetime.fromisoformat(position["at"]) >= at:
                self.waits_ms.append(now_ms - appended_ms)
            elif now_ms - appended_ms > 1000 * _LOST_AFTER_S:
                self.unseen += 1
            else:
                left.append((truck, at, appended_ms))
        return left


class _Causes(threading.Thread):
    """Declares lots, declines offers and closes roads, one after the other."""

    def __init__(self, servers: str, plan: Plan, chance: Random) -> None:
        super().__init__(daemon=True)
        self._servers = servers
        self._plan = plan
        self._chance = chance
        self._producer = quick_producer(servers)
        self._offers: dict[str, dict[str, Any]] = {}
        self._used: set[str] = set()
        self._appended: list[tuple[str, str, int]] = []
        self._lots = 0

    def run(self) -> None:
        consumer = _follower(self._servers, "dispatch.assignment.v1")
        began = time.monotonic()
        for number in range(3):  # so that there is something to decline
            self._declare(measured=False)
            self._hear(consumer, began + self._plan.warm_s * (number + 1) / 3)
        pause_s = self._plan.measured_s / self._plan.causes
        for number, kind in enumerate(_kinds(self._plan.causes)):
            self._cause(kind, number)
            self._hear(consumer, began + self._plan.warm_s + pause_s * (number + 1))
        self._hear(consumer, time.monotonic() + 5.0)
        self._producer.flush(30)
        consumer.close()

    def appended(self) -> list[tuple[str, str, int]]:
        """Return each cause's kind, the lot or trip that it concerns, and its append time."""
        return list(self._appended)

    def _cause(self, kind: str, number: int) -> None:
        offer = self._open_offer() if kind != "lot" else None
        if offer is None:
            self._declare(measured=True)
        elif kind == "decline":
            self._send(decline(offer["assignment_id"], datetime.now(UTC)), kind, offer["lot_id"])
        else:
            line = offer["route"]["geometry"]["coordinates"]
            early = max(len(line) // 8, 1)  # before the pickup: a road of this trip, not of all
            piece = line[early - 1 : early + 1]
            one = closure(number, piece, datetime.now(UTC))
            self._send(one, kind, offer["assignment_id"])

    def _declare(self, *, measured: bool) -> None:
        one = lot(self._lots, self._chance, datetime.now(UTC))
        self._lots += 1
        self._send(one, "lot" if measured else "", one.key.decode())

    def _open_offer(self) -> dict[str, Any] | None:
        """Return an offer that stands and that no cause has concerned yet."""
        for assignment_id, offer in self._offers.items():
            if assignment_id not in self._used and offer["status"] == "proposed":
                self._used.add(assignment_id)
                return offer
        return None

    def _send(self, one: Message, kind: str, subject: str) -> None:
        def note(error: Any, record: Any) -> None:
            if error is None and kind:
                self._appended.append((kind, subject, record.timestamp()[1]))

        self._producer.produce(
            one.topic, one.value, one.key, one.partition, note, headers=one.headers
        )

    def _hear(self, consumer: Any, until: float) -> None:
        """Follow the offers until a moment."""
        while (left := until - time.monotonic()) > 0:
            self._producer.poll(0)
            for record in consumer.consume(100, timeout=min(left, 0.05)):
                if record.error() is None:
                    data = orjson.loads(record.value())
                    if "assignment_id" in data and "route" in data:
                        self._offers[data["assignment_id"]] = data


def _kinds(count: int) -> Iterator[str]:
    """Yield the kinds of causes: of ten, six lots, three declines and a closure."""
    cycle = ["lot", "lot", "decline", "lot", "lot", "decline", "lot", "closure", "lot", "decline"]
    for number in range(count):
        yield cycle[number % len(cycle)]


def _follower(servers: str, *topics: str) -> Any:
    """Return a consumer of some topics from their beginning."""
    from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition  # noqa: PLC0415

    consumer = Consumer(
        {"bootstrap.servers": servers, "log_level": 2, "group.id": "bench-follower"}
    )
    consumer.assign(
        [
            TopicPartition(topic, partition, OFFSET_BEGINNING)
            for topic in topics
            for partition in range(CATALOGUE[topic].partitions)
        ]
    )
    return consumer
