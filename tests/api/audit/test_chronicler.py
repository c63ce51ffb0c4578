"""Test that entries are chained in one order, and that nothing is done that was not written."""

import asyncio
from datetime import UTC, datetime

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from api.audit.chronicler import Chronicler
from api.audit.heads import keep_noting, note_head, read_heads
from api.audit.ledger import MemoryLedger
from api.personal.ring import KeyRing
from api.problems import Problem
from infra.audit.judge import judge_chain
from schemas.audit import GENESIS, AuditNote, canonical, chained, hash_of
from tests.api.conftest import Stand

AT = datetime(2026, 12, 1, tzinfo=UTC)


def note(action: str = "test.done") -> AuditNote:
    return AuditNote(at=AT, action=action)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def chronicler(ledger: MemoryLedger) -> Chronicler:
    return Chronicler(ledger, KeyRing())


async def test_entries_are_numbered_and_each_names_the_one_before(
    chronicler: Chronicler, ledger: MemoryLedger
) -> None:
    await asyncio.gather(*(chronicler.write(note(), note()) for _ in range(20)))
    assert [doc["seq"] for doc in ledger.docs] == list(range(40))
    assert ledger.docs[0]["previous"] == GENESIS
    assert list(judge_chain(ledger.docs)) == []


async def test_those_who_wait_are_written_together(
    chronicler: Chronicler, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    append = ledger.append
    monkeypatch.setattr(ledger, "append", lambda r: (sizes.append(len(r)), append(r))[1])
    await asyncio.gather(*(chronicler.write(note()) for _ in range(500)))
    assert (sum(sizes), len(sizes)) == (500, 1)


async def test_a_failure_fails_all_that_wait_and_the_chain_goes_on(
    chronicler: Chronicler, ledger: MemoryLedger
) -> None:
    await chronicler.write(note())
    ledger.is_down = True
    done = await asyncio.gather(
        *(chronicler.write(note()) for _ in range(5)), return_exceptions=True
    )
    assert [type(each) for each in done] == [Problem] * 5
    ledger.is_down = False
    await chronicler.write(note("test.again"))
    assert [doc["action"] for doc in ledger.docs] == ["test.done", "test.again"]
    assert ledger.opened == 2
    assert list(judge_chain(ledger.docs)) == []


async def test_a_new_process_goes_on_with_the_chain_that_it_finds(ledger: MemoryLedger) -> None:
    for _ in range(3):
        await Chronicler(ledger, KeyRing()).write(note())
    assert [doc["seq"] for doc in ledger.docs] == [0, 1, 2]
    assert list(judge_chain(ledger.docs)) == []


async def test_a_queue_that_is_full_takes_no_more(
    chronicler: Chronicler, ledger: MemoryLedger
) -> None:
    waiting = [asyncio.create_task(chronicler.write(*[note()] * 1_000)) for _ in range(11)]
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert [each for each in done if each is not None] == [done[-1]]
    assert len(ledger.records) == 10_000


async def test_who_leaves_does_not_hold_up_the_others(
    chronicler: Chronicler, ledger: MemoryLedger
) -> None:
    leaving = asyncio.create_task(chronicler.write(note("test.left")))
    staying = asyncio.create_task(chronicler.write(note("test.stayed")))
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    assert [doc["action"] for doc in ledger.docs] == ["test.left", "test.stayed"]


async def test_the_same_refusal_is_written_once_a_minute(
    chronicler: Chronicler, ledger: MemoryLedger
) -> None:
    for _ in range(3):
        chronicler.note(note("access.refused"), once_for="a")
    chronicler.note(note("access.refused"), once_for="b")
    await chronicler.close()
    assert len(ledger.records) == 2


async def test_the_head_is_noted_in_the_file_and_in_its_topic(stand: Stand) -> None:
    desk = stand.app.state.desk
    path = desk.config.network_dir.parent / "audit.heads"
    object.__setattr__(desk.config, "heads_path", path)
    assert await note_head(desk, None) is None
    await desk.audit.write(note(), note())
    noted = await note_head(desk, None)
    assert await note_head(desk, noted) == noted
    last = desk.audit.ledger.docs[-1]
    assert [(head.seq, head.hash) for head in read_heads(path)] == [(1, last["hash"])]
    assert desk.kept.get("audit.head.v1", "api").hash == last["hash"]


async def test_a_process_writes_down_that_it_began(stand: Stand) -> None:
    desk = stand.app.state.desk
    noting = asyncio.create_task(keep_noting(desk))
    await asyncio.sleep(0)
    noting.cancel()
    await desk.audit.close()
    assert [doc["action"] for doc in desk.audit.ledger.docs] == ["process.started"]


@given(reason=st.text(max_size=60), entities=st.lists(st.text(max_size=20), max_size=4))
def test_the_hashed_form_is_rfc_8785(reason: str, entities: list[str]) -> None:
    said = AuditNote(at=AT, action="a", reason=reason, entities=entities)
    doc = chained(said, "api", 0, GENESIS)
    assert canonical(doc) == rfc8785.dumps(doc)
    assert hash_of(doc) == doc["hash"]
