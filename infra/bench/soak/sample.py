"""Sample what a running stack holds: memory by process, disk by folder, things by kind."""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import psutil
from redis import Redis

from infra.settings import Settings
from infra.stack.record import Record
from infra.verify.reader import VIEW_KINDS
from schemas.topics import CATALOGUE

MB = 1_000_000
_BLOCK = 512
"""What `st_blocks` counts in: what a file takes, not how long it says it is."""
_PARTITION = re.compile(r"-\d+(\.[0-9a-f]+-(delete|stray))?$")


class Samples:
    """Series of what was sampled, each a list of seconds and values.

    Attributes
    ----------
    memory
        Resident memory by process, MB; children of a process are named after it.
    disk
        Disk by folder, MB: `kafka/TOPIC`, `tables/WORKER`, `redis`, `logs`.
    things
        How many of each kind Redis holds: views, changes, keys, memory.
    """

    def __init__(self) -> None:
        self.memory: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self.disk: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self.things: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)

    def take(self, settings: Settings, at_s: float) -> None:
        """Sample everything.

        Parameters
        ----------
        settings
            Name the stack.
        at_s
            The moment, in seconds since the start.
        """
        for name, size in _memory(settings).items():
            self.memory[name].append((at_s, size / MB))
        for name, size in disk(settings).items():
            self.disk[name].append((at_s, size / MB))
        for name, count in _things(settings).items():
            self.things[name].append((at_s, count))


def _memory(settings: Settings) -> Counter[str]:
    """Return resident bytes by process."""
    found: Counter[str] = Counter()
    record = Record.read(settings)
    for report in record.processes if record else ():
        if report.pid is None:
            continue
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(report.pid)
            found[report.name] += process.memory_info().rss
            if report.name == "supervisor":
                continue
            for child in process.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    found[f"{report.name}_{_role(child)}"] += child.memory_info().rss
    return found


def _role(child: psutil.Process) -> str:
    """Name a child: of Redis what saves it, of a worker what plans or what tidies up behind."""
    words = " ".join(child.cmdline())
    if "redis" in words:
        return "saving"
    return "tracker" if "resource_tracker" in words else "planner"


def disk(settings: Settings) -> dict[str, int]:
    """Return the bytes that each folder of a stack takes on disk.

    Parameters
    ----------
    settings
        Name the stack.
    """
    found: Counter[str] = Counter()
    folders = [entry for broker in settings.home.glob("kafka*") for entry in _entries(broker)]
    for entry in folders:
        if entry.is_dir(follow_symlinks=False):
            found[f"kafka/{_PARTITION.sub('', entry.name)}"] += _size(entry.path)
    for entry in _entries(settings.home / "tables"):
        found[f"tables/{entry.name}"] += _size(entry.path)
    found["redis"] = _size(settings.redis_dir)
    found["logs"] = _size(settings.log_dir)
    return dict(found)


def _size(folder: str | Path) -> int:
    total = 0
    for entry in _entries(folder):
        with contextlib.suppress(FileNotFoundError):
            if entry.is_dir(follow_symlinks=False):
                total += _size(entry.path)
            else:
                total += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
    return total


def _entries(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        yield from entries


def _things(settings: Settings) -> dict[str, int]:
    """Count what Redis holds."""
    with Redis.from_url(settings.redis_url, socket_timeout=10) as redis:
        with redis.pipeline(transaction=False) as pipe:
            for kind in VIEW_KINDS:
                pipe.hlen(f"view:{kind}")
            pipe.xlen("changes")
            pipe.hlen("counters")
            pipe.dbsize()
            answers = pipe.execute()
        names = [*(f"view:{kind}" for kind in VIEW_KINDS), "changes", "counters", "keys"]
        found = dict(zip(names, answers, strict=True))
        found["redis_used_bytes"] = int(redis.info("memory")["used_memory"])
    return found


def group(folder: str) -> str:
    """Name the kind of storage that a folder belongs to.

    Parameters
    ----------
    folder
        A name from `disk`.

    Returns
    -------
    str
        `kafka_windows` (topics with a retention), `kafka_kept` (topics for ever),
        `kafka_states` and `kafka_tables` (compacted: state topics, changelogs), `kafka_own`
        (Kafka's own topics), `tables`, `redis` or `logs`.
    """
    head, _, name = folder.partition("/")
    if head != "kafka":
        return head
    topic = CATALOGUE.get(name)
    if topic is None:
        return "kafka_tables" if name.endswith("-changelog") else "kafka_own"
    if topic.compacted:
        return "kafka_states"
    return "kafka_kept" if topic.retention_ms < 0 else "kafka_windows"


def grouped(
    disk: dict[str, list[tuple[float, float]]],
) -> dict[str, list[tuple[float, float]]]:
    """Add up the series of folders by their kind of storage, and of all as `all`."""
    sums: defaultdict[str, defaultdict[float, float]] = defaultdict(lambda: defaultdict(float))
    for folder, samples in disk.items():
        for at_s, size in samples:
            sums[group(folder)][at_s] += size
            sums["all"][at_s] += size
    return {name: sorted(series.items()) for name, series in sums.items()}
