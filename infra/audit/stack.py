"""Read the audit log of a running stack, and all that it is held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from kafka import TopicPartition
from pydantic import ValidationError

from api.audit.heads import HEADS, Noted, read_heads
from api.audit.ledger import TOPIC
from infra.audit.judge import (
    AUDITED_TOPICS,
    Doc,
    Fault,
    Verdict,
    is_audited,
    judge_chain,
    judge_events,
    judge_form,
    judge_heads,
    start_of,
)
from infra.settings import Settings
from infra.verify.log import Entry
from infra.verify.reader import consuming, entries
from schemas.audit import AuditHead
from schemas.errors import Unavailable

_CLIENT = "harvestlane-audit"


def judge_stack(settings: Settings, heads: Sequence[Noted] = ()) -> Verdict:
    """Judge the audit log of a running stack.

    Parameters
    ----------
    settings
        Name the brokers and the folder with the noted heads.
    heads
        Further heads that were noted.

    Raises
    ------
    Unavailable
        No broker answers.
    """
    with consuming(settings, _CLIENT, only_committed=True) as consumer:
        # events first: what is written meanwhile has its entry by the time that entries are read
        events = [entry for name in AUDITED_TOPICS for entry in _all(consumer, name)]
        records = list(_all(consumer, TOPIC))
        kept = list(_all(consumer, HEADS))
    docs = [_doc(entry) for entry in records]
    noted = [*heads, *read_heads(settings.heads_path), *_heads(kept)]
    days = settings.audit_days
    oldest = None if days is None else datetime.now(UTC) - timedelta(days=days)
    start = start_of(docs, noted, oldest)
    since_ms = records[0].appended_ms if records else 0
    faults: list[Fault] = [
        *judge_chain(docs, start),
        *judge_form(records),
        *judge_heads(docs, noted, start[0]),
        *(judge_events(docs, events, since_ms) if records else ()),
    ]
    last = docs[-1] if docs else {}
    return Verdict(
        entries=len(docs),
        head=f"{last.get('seq')}:{last.get('hash')}" if docs else None,
        heads=len({(head.seq, head.hash) for head in noted}),
        events=sum(is_audited(entry) for entry in events),
        faults=faults,
    )


def lines(settings: Settings) -> Iterator[bytes]:
    """Yield every entry as it stands in the log, the oldest first.

    Parameters
    ----------
    settings
        Name the brokers.

    Raises
    ------
    Unavailable
        No broker answers.
    """
    with consuming(settings, _CLIENT, only_committed=True) as consumer:
        yield from (entry.value or b"" for entry in _all(consumer, TOPIC))


def _all(consumer: Any, topic: str) -> Iterator[Entry]:
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise Unavailable(f"the broker has no {topic}; `harvestlane topics apply` creates it")
    places = [TopicPartition(topic, number) for number in sorted(numbers)]
    first = dict(consumer.beginning_offsets(places))
    yield from entries(consumer, first, dict(consumer.end_offsets(places)))


def _doc(entry: Entry) -> Doc:
    try:
        doc = orjson.loads(entry.value or b"")
    except orjson.JSONDecodeError:
        return {}
    return doc if isinstance(doc, dict) else {}


def _heads(kept: Sequence[Entry]) -> Iterator[Noted]:
    for entry in kept:
        try:
            head = AuditHead.model_validate(_doc(entry))
        except ValidationError:
            continue
        yield Noted(head.seq, head.hash, head.at)
