"""Keep trucks with stock Faust: `async for event in stream.events()`, a table, its defaults.

Option `folds`: the names of the folds to run, each with the topics of ours that it reads. What the
folds say is sent, as our worker sends it, but not awaited: stock agents do not.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import faust

from infra.bench.streams.contestant import Errand
from infra.bench.streams.reducer import quiet_shell, topic_of
from streams.fold import Raw
from streams.lot import LOT_FOLD
from streams.shell import Shell
from streams.truck import TRUCK_FOLD

_FOLDS = {fold.name: fold for fold in (TRUCK_FOLD, LOT_FOLD)}


def build(errand: Errand) -> Any:
    """Return the app with one agent for each fold."""
    app = faust.App(
        errand.group,
        broker=f"kafka://{errand.servers}",
        store="rocksdb://",
        datadir=errand.folder,
        autodiscover=False,
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
        topic_partitions=4,
        topic_replication_factor=1,
        topic_disable_leader=True,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=0.5,
        worker_redirect_stdouts=False,
    )
    if errand.options["folds"]:
        for name in errand.options["folds"]:
            fold = _FOLDS[name]
            topics = [topic for topic in fold.topics if topic in errand.options["topics"]]
            shell = Shell(fold, lambda: datetime.now(UTC))
            _agent(app, name, topics, shell, lambda message: str(message.topic), says=True)
    else:

        def renamed(message: Any) -> str:
            return topic_of(errand.registered, message.partition, message.offset)

        _agent(app, "truck", [errand.topic], quiet_shell(), renamed, says=False)
    return app


def _agent(
    app: Any, name: str, topics: list[str], shell: Shell, topic_of_: Any, *, says: bool
) -> None:
    table = app.Table(
        name,
        key_type=bytes,
        value_type=bytes,
        options={"driver": "rocksdict", "block_cache_size": 8 << 20, "max_open_files": 64},
    )
    source = app.topic(*topics, key_serializer="raw", value_serializer="raw")

    async def fold(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            headers = message.headers or ()
            pairs = headers.items() if hasattr(headers, "items") else headers
            raw = Raw(
                topic_of_(message),
                message.partition,
                message.offset,
                message.key,
                message.value,
                tuple(pairs),
            )
            work = shell.work(message.partition, [(raw, int(message.timestamp * 1000))])
            for key, value in work.rows():
                table[key.encode()] = value
            if not says:
                continue
            for record, partition in work.records:
                await app.producer.send(
                    record.topic,
                    record.key,
                    record.value,
                    partition=partition,
                    timestamp=None,
                    headers=list(record.headers),
                )

    app.agent(source, name=name)(fold)


async def run(errand: Errand) -> None:
    """Fold for ever."""
    logging.basicConfig(level="WARNING")
    app = build(errand)
    app.in_worker = True
    await app.start()
    await app.wait_until_stopped()


def changelog_of(errand: Errand, table: str = "truck") -> str:
    """Name the topic in which Faust keeps a table."""
    return f"{errand.group}-{table}-changelog"


if __name__ == "__main__":
    asyncio.run(run(Errand.read()))
