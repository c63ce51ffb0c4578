"""Keep trucks with Quix Streams as its documentation shows: a dataframe, `apply`, its own state.

Option `form`: `bytes` keeps the state as bytes of JSON, `json` leaves that to Quix. Option
`commit_interval_s`: how often its state is written, confirmed and the offsets committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from infra.bench.streams.contestant import Errand
from infra.bench.streams.reducer import quiet_shell, raw_of
from streams.fold import Entity

if TYPE_CHECKING:
    from collections.abc import Callable

_STATE = "truck"


def run(errand: Errand) -> None:
    """Fold for ever."""
    from quixstreams import Application  # noqa: PLC0415 - for benchmarks only

    app = Application(
        broker_address=errand.servers,
        consumer_group=errand.group,
        auto_offset_reset="earliest",
        commit_interval=errand.options["commit_interval_s"],
        processing_guarantee="at-least-once",
        state_dir=errand.folder,
        loglevel=None,
        auto_create_topics=True,
        consumer_poll_timeout=0.2,
        producer_extra_config={"linger.ms": 5},
    )
    topic = app.topic(errand.topic, key_deserializer="bytes", value_deserializer="bytes")
    frame = app.dataframe(topic)
    frame.update(_folding(errand), stateful=True, metadata=True)
    app.run()


def _folding(errand: Errand) -> Callable[..., None]:
    from quixstreams import message_context  # noqa: PLC0415

    shell = quiet_shell()
    as_bytes = errand.options["form"] == "bytes"

    def fold(value: bytes, key: bytes, timestamp: int, headers: Any, state: Any) -> None:
        at = message_context()
        known = state.get_bytes(_STATE) if as_bytes else state.get(_STATE)
        name = key.decode()
        if known is not None:
            doc = orjson.loads(known) if as_bytes else known
            shell.memory.store(at.partition).apply({name: Entity.from_doc(doc)})
        raw = raw_of(errand.registered, at.partition, at.offset, key, value, headers or ())
        work = shell.work(at.partition, [(raw, timestamp)])
        for entity in filter(None, work.changes.values()):
            if as_bytes:
                state.set_bytes(_STATE, orjson.dumps(entity.to_doc()))
            else:
                state.set(_STATE, entity.to_doc())

    return fold


def changelog_of(errand: Errand) -> str:
    """Name the topic in which Quix keeps the state."""
    return f"changelog__{errand.group}--{errand.topic}--default"


def row_of(key: str, value: bytes) -> tuple[str, bytes]:
    """Read a record of that topic as a row of ours: Quix puts the state's name after the key."""
    return key.partition("|")[0], value


if __name__ == "__main__":
    run(Errand.read())
