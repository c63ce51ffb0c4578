"""Split what one position costs in our path into steps: microseconds of one core, no broker."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from infra.bench.streams.fleet import Message
from infra.bench.streams.throughput import Load
from schemas.envelope import digest
from streams.fold import Raw
from streams.shell import Shell, Work, read
from streams.truck import TRUCK_FOLD

Batches = dict[int, list[tuple[Raw, int]]]


def budget(
    seed: int, *, trucks: int = 100, positions: int = 20_000, batch: int = 500
) -> dict[str, float]:
    """Time each step over positions of trucks whose memory is full.

    Parameters
    ----------
    seed
        Of the positions.
    trucks, positions
        How many.
    batch
        How many records of a partition are folded at once.

    Returns
    -------
    dict
        Microseconds an event: `decode` (of it `digest`), `fold` (`Shell.work` without decoding:
        memory, reducer, what is said), `rows` (the states as bytes) and `journal` (of them and of
        what is said); `journal_bytes` and `row_bytes` an event.
    """
    load = Load.draw(seed, trucks=trucks, warm=trucks * 140, positions=positions, runs=1)
    offsets: dict[tuple[str, int], int] = defaultdict(int)
    shell = Shell(TRUCK_FOLD, lambda: datetime.now(UTC))
    for part in (load.registrations, load.warm):
        for partition, records in _batches(part, offsets).items():
            shell.work(partition, records)
    batches = _batches(load.runs[0], offsets)
    count = sum(len(records) for records in batches.values())
    raws = [raw for records in batches.values() for raw, _ in records]
    works: list[Work] = []

    def fold() -> None:
        for partition, records in batches.items():
            works.extend(
                shell.work(partition, records[at : at + batch])
                for at in range(0, len(records), batch)
            )

    payloads = [{"truck_id": str(n), "lat": 1.0, "lon": 2.0} for n in range(count)]
    decode_s = _time(lambda: [read(raw, 0) for raw in raws])
    work_s = _time(fold)
    rows: list[tuple[str, bytes | None]] = []
    rows_s = _time(lambda: rows.extend(row for work in works for row in work.rows()))
    written: list[bytes] = []  # after the rows, which it takes over
    journals_s = _time(lambda: written.extend(work.journal() for work in works))
    steps = {
        "decode": decode_s,
        "digest": _time(lambda: [digest("truck.position_reported", one) for one in payloads]),
        "fold": work_s - decode_s,
        "rows": rows_s,
        "journal": journals_s,
    }
    found = {name: round(1e6 * taken / count, 2) for name, taken in steps.items()}
    found["journal_bytes"] = round(_size(written) / count, 1)
    found["row_bytes"] = round(_size(value or b"" for _, value in rows) / count, 1)
    return found


def _size(parts: Iterable[bytes]) -> int:
    return sum(len(part) for part in parts)


def _batches(messages: Sequence[Message], offsets: dict[tuple[str, int], int]) -> Batches:
    found: Batches = defaultdict(list)
    for one in messages:
        offset = offsets[one.topic, one.partition]
        offsets[one.topic, one.partition] += 1
        headers = tuple(one.headers)
        raw = Raw(one.topic, one.partition, offset, one.key, one.value, headers)
        found[one.partition].append((raw, 1_700_000_000_000))
    return found


def _time(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
