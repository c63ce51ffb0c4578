"""Test `harvestlane audit` over a real broker."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from api.audit.chronicler import WRITER, Chronicler
from api.audit.heads import line_of
from api.audit.ledger import KafkaLedger
from api.broker import KafkaBroker
from api.personal.ring import KeyRing
from infra.stack import Stack
from schemas.audit import AuditHead, AuditNote
from schemas.envelope import Record, encode
from schemas.lot import LotWithdrawn
from tests.infra.program import Program

pytestmark = pytest.mark.integration


async def _write(servers: str, records: list[Record]) -> AuditHead:
    keeper = Chronicler(KafkaLedger(servers, WRITER), KeyRing())
    broker = KafkaBroker(servers)
    try:
        await keeper.write(AuditNote(at=datetime.now(UTC), action="test.command"))
        if records:
            await broker.publish(records)
        assert keeper.head is not None
        return keeper.head
    finally:
        await keeper.close()
        await broker.close()


@pytest.fixture
def running(broker: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Let commands find the broker's stack."""
    monkeypatch.setenv("HARVESTLANE_HOME", str(broker.settings.home))
    yield broker
    broker.settings.heads_path.unlink(missing_ok=True)


def _judged(program: Program, *words: str) -> tuple[int, dict[str, Any]]:
    ended = program.run("audit", "verify", "--json", *words)
    return ended.status, json.loads(ended.out)


def test_a_log_is_judged_and_exported_as_it_stands(running: Stack, program: Program) -> None:
    """Other tests write to this broker, too, and past the audit log: only its chain is judged."""
    head = asyncio.run(_write(running.settings.bootstrap_servers, []))
    running.settings.heads_path.write_text(line_of(head) + "\n")
    _, told = _judged(program)
    assert told["head"] == f"{head.seq}:{head.hash}"
    assert told["heads"] >= 1
    assert {fault["code"] for fault in told["faults"]} <= {"unaudited"}
    last = program.run("audit", "export").out.splitlines()[-1]
    assert json.loads(last)["hash"] == head.hash


def test_a_cut_end_and_an_unaudited_event_are_found(running: Stack, program: Program) -> None:
    lot = LotWithdrawn(lot_id="audit-test", reason="?")
    forged = encode(
        "harvest.lot.v1",
        "lot.withdrawn",
        lot,
        event_id="forged-1",
        source="/api/dispatcher/audit-test",
        time=datetime.now(UTC),
    )
    head = asyncio.run(_write(running.settings.bootstrap_servers, [forged]))
    later = f"{head.seq + 1}:{head.hash}"
    status, told = _judged(program, "--head", later)
    assert status == 1
    assert {"cut", "unaudited"} <= {fault["code"] for fault in told["faults"]}
    assert any("forged-1" in fault["message"] for fault in told["faults"])
    shown = program.run("audit", "verify", "--head", later).out
    assert f"entry {head.seq + 1} was there once and is not any more" in shown


def test_a_head_that_is_none_is_refused(program: Program) -> None:
    ended = program.run("audit", "verify", "--head", "12")
    assert (ended.status, ended.out) == (2, "")
    assert "a head is SEQ:HASH" in ended.err
