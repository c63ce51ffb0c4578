"""Test the audit log's ledger on a real broker: one writer at a time, nothing lost, none forked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from api.audit.chronicler import WRITER, Chronicler
from api.audit.ledger import KafkaLedger
from api.personal.ring import KeyRing
from infra.audit.judge import judge_chain
from infra.stack import Stack
from schemas.audit import AuditNote
from schemas.errors import Unavailable

pytestmark = pytest.mark.integration


def note(action: str) -> AuditNote:
    return AuditNote(at=datetime.now(UTC), action=action)


@contextlib.asynccontextmanager
async def chronicler(broker: Stack) -> AsyncIterator[Chronicler]:
    made = Chronicler(KafkaLedger(broker.settings.bootstrap_servers, WRITER), KeyRing())
    try:
        yield made
    finally:
        await made.close()


async def all_docs(keeper: Chronicler, last: str) -> list[dict[str, object]]:
    """Return all entries once the last one is seen: a moment after it was acknowledged."""
    while True:
        docs = await _docs(keeper)
        if docs and docs[-1]["action"] == last:
            return docs
        await asyncio.sleep(0.05)


async def _docs(keeper: Chronicler) -> list[dict[str, object]]:
    docs: list[dict[str, object]] = []
    before: int | None = None
    while True:
        window = await keeper.ledger.back(before)
        docs += [line.doc for line in window.lines]
        if window.before is None:
            return docs[::-1]
        before = window.before


async def test_entries_of_many_at_once_make_one_chain(broker: Stack) -> None:
    async with chronicler(broker) as keeper:
        await asyncio.gather(*(keeper.write(note(f"test.{n}")) for n in range(700)))
        await keeper.write(note("test.last"))
        docs = await all_docs(keeper, "test.last")
    assert list(judge_chain(docs)) == []


async def test_a_process_that_was_replaced_cannot_fork_the_chain(broker: Stack) -> None:
    async with chronicler(broker) as older, chronicler(broker) as newer:
        await older.write(note("test.older"))
        await newer.write(note("test.newer"))
        await older.write(note("test.again"))  # it is shut out, and reads the chain's end anew
        docs = await all_docs(older, "test.again")
    assert [doc["action"] for doc in docs[-3:]] == ["test.older", "test.newer", "test.again"]
    assert list(judge_chain(docs)) == []


async def test_a_silent_broker_is_said_so() -> None:
    ledger = KafkaLedger("127.0.0.1:1", WRITER)
    with pytest.raises(Unavailable):
        await ledger.open()
    with pytest.raises(Unavailable):
        await ledger.back(None)
    await ledger.close()
