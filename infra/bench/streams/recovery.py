"""Start on a table that is not there, and take over from a worker that was killed.

From the moment in which Faust is given its partitions (the worker's log says it) to the first
applied event of each partition: the append of the state that a position, produced beforehand, led
to. The table's changelog is written directly, in the form in which the reducer writes it.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from infra.bench.measure import Tell
from infra.bench.streams.contestant import Process
from infra.bench.streams.fleet import POSITIONS, REGISTRY, Fleet, Message, message
from infra.bench.streams.ours import TABLE, wait_until_ready, watch_of, worker
from infra.bench.streams.pour import Found, NoFigure, ends_of, pour, pour_records, read_all
from infra.bench.streams.reducer import QuietShell
from infra.settings import Settings
from schemas.topics import ENTITY_PARTITIONS
from streams.app import Worker, WorkerConfig
from streams.fold import Raw
from streams.shell import home_of
from streams.truck import TRUCK_FOLD

_NAME = "T0000000"
_ASSIGNED = re.compile(r"^(\S+ \S+) .*Executing _on_partitions_assigned", re.MULTILINE)
_WITHIN_S = 300.0
_STATES = "truck.state.v1"
_OFFSET_KEY = b"__faust\0offset__"
"""Where Faust's store keeps how much of the changelog it holds."""
_CALM_S = 8.0
_IN_BUFFERS = 20_000
"""So many records Faust keeps in hand for copies before it writes them: four polls a partition."""


@dataclass
class Recovered:
    """What was measured, in seconds.

    Attributes
    ----------
    cold_s
        From assignment to the first applied event of the slowest partition, without tables.
    standby_s
        The same of the partitions taken over, with standby tables.
    takeover_s
        From the kill to the first applied event of the slowest partition taken over.
    session_timeout_s
        How long the group waits for a worker that says nothing.
    table_bytes
        How large the changelog's values are.
    failed
        Why there is a figure less.
    """

    cold_s: float | None = None
    standby_s: float | None = None
    takeover_s: float | None = None
    session_timeout_s: float = 0.0
    table_bytes: int = 0
    failed: list[str] = field(default_factory=list)


def measure(settings: Settings, keys: int, tell: Tell, *, take_over: bool = True) -> Recovered:
    """Recover a table of so many keys from nothing, then take over.

    Parameters
    ----------
    settings
        Of a running broker whose topics are new.
    keys
        How many trucks the table holds.
    tell
        Is told what happens.
    take_over
        Whether to measure the take-over, too.
    """
    found = Recovered(session_timeout_s=_session_timeout_s(settings))
    tell(f"writing a changelog of {keys:,} trucks")
    found.table_bytes = _fill(settings, keys)
    workers: dict[str, Process] = {}
    try:
        found.cold_s = _cold(settings, workers, keys, tell)
        if take_over:
            found.standby_s, found.takeover_s = _take_over(settings, workers, keys, tell)
    except NoFigure as error:
        found.failed.append(str(error))
    finally:
        for process in workers.values():
            process.end()
    return found


def _session_timeout_s(settings: Settings) -> float:
    config = WorkerConfig(
        name="bench",
        bootstrap_servers=settings.bootstrap_servers,
        redis_url=settings.redis_url,
        tables_dir=settings.tables_dir("bench"),
        network_dir=settings.network,
    )
    return float(Worker(config, lambda _: None).app.conf.broker_session_timeout)


def rows(keys: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield partition, key and value of a table of registered trucks."""
    templates = [_template(partition) for partition in range(ENTITY_PARTITIONS)]
    for number in range(keys):
        name = f"T{number:07d}".encode()
        partition = home_of(REGISTRY, name)
        yield partition, name, templates[partition].replace(_NAME.encode(), name)


def _template(partition: int) -> bytes:
    """Return the row that the reducer makes of a registration in one partition."""
    now = datetime.now(UTC)
    (one,) = Fleet(0, 1, now).registrations()
    value = one.value.replace(b"T0000", _NAME.encode())
    headers = tuple((name, raw.replace(b"T0000", _NAME.encode())) for name, raw in one.headers)
    raw = Raw(REGISTRY, partition, 0, _NAME.encode(), value, headers)
    shell = QuietShell(TRUCK_FOLD, lambda: now, home=lambda *_: partition)
    ((_, row),) = shell.work(partition, [(raw, 0)]).rows()
    assert row is not None
    return row


def _fill(settings: Settings, keys: int) -> int:
    size = 0

    def records() -> Iterator[tuple[str, int, bytes, bytes, list[tuple[str, bytes]]]]:
        nonlocal size
        for partition, key, value in rows(keys):
            size += len(value)
            yield TABLE, partition, key, value, []

    pour_records(settings.bootstrap_servers, records())
    return size


def _one_each(round_: int, keys: int) -> list[Message]:
    """Report one position in each partition, of trucks that stand last in the changelog."""
    found: dict[int, Message] = {}
    for number in range(keys - 1, max(keys - 1000, 0), -1):
        name = f"T{number:07d}"
        partition = home_of(POSITIONS, name.encode())
        if partition not in found:
            data: dict[str, object] = {"truck_id": name, "lat": 10.0 + round_ / 10, "lon": 105.2}
            found[partition] = message(
                POSITIONS,
                "truck.position_reported",
                name,
                data,
                event_id=f"first-{round_}-{partition}",
                time=datetime.now(UTC),
            )
    return list(found.values())


def _cold(settings: Settings, workers: dict[str, Process], keys: int, tell: Tell) -> float:
    events = _one_each(0, keys)
    pour(settings.bootstrap_servers, events)
    tell("starting a worker without tables")
    workers["worker-1"] = worker(settings, "worker-1")
    applied = _applied(settings, events, 0, workers["worker-1"])
    (assigned, *_) = assignments(workers["worker-1"].log())
    took = max(applied.values()) - assigned
    held = sum(rows for _, rows in _tables(settings, "worker-1").values())
    if held < keys:
        raise NoFigure(f"the worker applied events with {held} of {keys} rows in its tables")
    tell(f"the first events were applied {took:.1f} s after assignment")
    return took


def _take_over(
    settings: Settings, workers: dict[str, Process], keys: int, tell: Tell
) -> tuple[float, float]:
    tell("starting a second worker, with standby tables")
    workers["worker-1"].end()
    for name in ("worker-1", "worker-2"):
        workers[name] = worker(settings, name, standbys=1)
    wait_until_ready(settings, workers, within_s=_WITHIN_S)
    watch = watch_of(settings, POSITIONS)
    try:
        watch.wait(within_s=_WITHIN_S, look_every_s=0.2)
    finally:
        watch.close()
    _until_copied(settings, workers["worker-2"], "worker-2", keys)
    events = _one_each(1, keys)
    killed = time.time()
    workers.pop("worker-1").kill()
    pour(settings.bootstrap_servers, events)
    applied = _applied(settings, events, 1, workers["worker-2"])
    given = [at for at in assignments(workers["worker-2"].log()) if at > killed]
    if not given:
        raise NoFigure("the other worker was given nothing after the kill")
    taken_over = [at for at in applied.values() if at > given[0]]
    if not taken_over:
        raise NoFigure("the killed worker had no partition")
    tell(f"taken over {max(taken_over) - killed:.1f} s after the kill")
    return max(taken_over) - given[0], max(taken_over) - killed


def _until_copied(settings: Settings, process: Process, name: str, keys: int) -> None:
    """Wait until a worker holds the whole table, its own partitions and its copies of the others.

    Nor may the group have given out partitions a moment ago: it would do so again.

    Raises
    ------
    NoFigure
        It does not come to that.
    """
    until = time.monotonic() + _WITHIN_S
    looks: list[int] = []
    while True:
        given = assignments(process.log())
        calm = bool(given) and time.time() - given[-1] > _CALM_S
        looks = [*looks[-3:], _left_to_copy(settings, name, keys)] if calm else []
        if len(looks) == 4 and len(set(looks)) == 1 and looks[0] <= _IN_BUFFERS:
            return
        if time.monotonic() > until or not process.is_alive():
            raise NoFigure(f"the copies are not there in time; {process.last_words()}")
        time.sleep(1.0)


def _left_to_copy(settings: Settings, name: str, keys: int) -> int:
    """Count what a worker's tables lack of the changelog's records, or of its keys."""
    ends = ends_of(settings.bootstrap_servers, TABLE)
    tables = _tables(settings, name)
    behind = sum(max(end - 1 - tables.get(at, (-1, 0))[0], 0) for at, end in ends.items())
    return behind + max(keys - sum(rows for _, rows in tables.values()), 0)


def _tables(settings: Settings, name: str) -> dict[int, tuple[int, int]]:
    """Look into a worker's truck tables: the changelog's offset that each holds, and its rows."""
    from rocksdict import AccessType, Options, Rdict  # noqa: PLC0415 - for this look only

    found = {}
    for path in settings.tables_dir(name).rglob("truck-*.db"):
        with contextlib.suppress(Exception):  # it is another's, and just being written
            table = Rdict(str(path), Options(raw_mode=True), access_type=AccessType.read_only())
            offset = int(table.get(_OFFSET_KEY) or -1)
            rows = sum(1 for key in table.keys() if key != _OFFSET_KEY)  # noqa: SIM118 - no dict
            found[int(path.stem.rpartition("-")[2])] = offset, rows
            table.close()
    return found


def _applied(
    settings: Settings, events: list[Message], round_: int, process: Process
) -> Mapping[int, float]:
    """Wait for the states that events lead to, and return when each was appended, by partition."""
    wanted = {one.key.decode() for one in events}
    until = time.monotonic() + _WITHIN_S
    while True:
        states = [one for one in read_all(settings.bootstrap_servers, _STATES) if one.key]
        found = {
            one.partition: one.appended_ms / 1000
            for one in states
            if one.key and one.key.decode() in wanted and _shows(one, round_)
        }
        if len(found) == len(events):
            return found
        if not process.is_alive() or time.monotonic() > until:
            raise NoFigure(f"{len(found)} of {len(events)} events applied; {process.last_words()}")
        time.sleep(0.5)


def _shows(state: Found, round_: int) -> bool:
    return f'"lat":{10.0 + round_ / 10}'.encode() in (state.value or b"")


def assignments(log: str) -> list[float]:
    """Return when a worker was given its partitions, seconds since 1970, ascending."""
    return [
        datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()
        for stamp in _ASSIGNED.findall(log)
    ]
