"""Test that whatever is done to the audit log is found, and nothing in a whole one."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.audit.chronicler import record_of
from api.audit.heads import Noted
from infra.audit.judge import judge_chain, judge_events, judge_form, judge_heads, start_of
from infra.settings import Settings
from infra.topics import wanted_topics
from infra.verify.log import Entry
from schemas.audit import GENESIS, AuditedEvent, AuditNote, chained, hash_of

AT = datetime(2026, 12, 1, tzinfo=UTC)
Doc = dict[str, Any]


def chain(length: int, *, first: str = "test.done") -> list[Doc]:
    docs: list[Doc] = []
    previous = GENESIS
    for seq in range(length):
        note = AuditNote(at=AT, action=first if seq == 0 else "test.done", subject=f"H{seq}")
        docs.append(chained(note, "api", seq, previous))
        previous = docs[-1]["hash"]
    return docs


def codes(docs: Sequence[Doc]) -> list[str]:
    return [fault.code for fault in judge_chain(docs)]


lengths = st.integers(2, 12)


@given(length=st.integers(0, 12))
def test_a_whole_chain_has_no_fault(length: int) -> None:
    docs = chain(length)
    assert codes(docs) == []
    assert list(judge_heads(docs, [Noted(doc["seq"], doc["hash"]) for doc in docs])) == []


@given(length=lengths, data=st.data())
def test_a_removed_entry_is_found(length: int, data: st.DataObject) -> None:
    docs = chain(length)
    heads = [Noted(docs[-1]["seq"], docs[-1]["hash"])]
    gone = data.draw(st.integers(0, length - 1))
    del docs[gone]
    found = [*judge_chain(docs), *judge_heads(docs, heads)]
    assert [(fault.code, fault.where) for fault in found] == [
        ("cut" if gone == length - 1 else "missing", str(gone))
    ]


@given(length=lengths, data=st.data())
def test_a_changed_entry_is_found(length: int, data: st.DataObject) -> None:
    docs = chain(length)
    at = data.draw(st.integers(0, length - 1))
    name = data.draw(st.sampled_from(["action", "subject", "at", "previous", "hash", "outcome"]))
    docs[at] = {**docs[at], name: "0" * 63 + "1"}
    assert "changed" in codes(docs)


@given(length=lengths, data=st.data())
def test_an_entry_that_was_changed_and_hashed_anew_is_found(
    length: int, data: st.DataObject
) -> None:
    docs = chain(length)
    heads = [Noted(docs[-1]["seq"], docs[-1]["hash"])]
    at = data.draw(st.integers(0, length - 1))
    docs[at] = {**docs[at], "subject": "somebody-else"}
    docs[at]["hash"] = hash_of(docs[at])
    assert [*judge_chain(docs), *judge_heads(docs, heads)] != []


@given(length=lengths)
def test_a_chain_that_was_written_anew_is_found_by_a_head(length: int) -> None:
    old, new = chain(length), chain(length, first="test.undone")
    assert codes(new) == []
    assert [f.code for f in judge_heads(new, [Noted(length - 1, old[-1]["hash"])])] == ["replaced"]


@given(length=lengths, data=st.data())
def test_two_entries_that_changed_places_are_found(length: int, data: st.DataObject) -> None:
    docs = chain(length)
    one, other = sorted(data.draw(st.sets(st.integers(0, length - 1), min_size=2, max_size=2)))
    docs[one], docs[other] = docs[other], docs[one]
    assert codes(docs) != []


@given(length=lengths, data=st.data())
def test_an_entry_that_stands_twice_is_found(length: int, data: st.DataObject) -> None:
    docs = chain(length)
    docs.insert(data.draw(st.integers(0, length)), data.draw(st.sampled_from(docs)))
    assert codes(docs) != []


@given(length=lengths, data=st.data())
def test_an_entry_that_was_put_in_is_found(length: int, data: st.DataObject) -> None:
    docs = chain(length)
    at = data.draw(st.integers(0, length))
    heads = [Noted(length - 1, docs[-1]["hash"])]
    before = docs[at - 1]["hash"] if at else GENESIS
    forged = chained(AuditNote(at=AT, action="test.forged"), "api", at, before)
    docs.insert(at, forged)
    found = [*judge_chain(docs), *judge_heads(docs, heads)]
    # at the end nothing can be known: it is what an honest writer would have written
    assert bool(found) == (at < length)


@pytest.mark.parametrize(
    ("days_ago", "keep_days", "found"),
    [(400, 365, []), (300, 365, ["missing", "cut"]), (400, None, ["missing", "cut"])],
)
def test_a_beginning_may_be_gone_only_once_its_time_is_over(
    days_ago: int, keep_days: int | None, found: list[str]
) -> None:
    docs = chain(9)
    heads = [
        Noted(3, docs[3]["hash"], AT - timedelta(days=days_ago)),
        Noted(8, docs[8]["hash"], AT),
    ]
    del docs[:5]
    oldest = None if keep_days is None else AT - timedelta(days=keep_days)
    start = start_of(docs, heads, oldest)
    faults = [*judge_chain(docs, start), *judge_heads(docs, heads, start[0])]
    assert [fault.code for fault in faults] == found


def test_a_beginning_that_no_head_was_noted_of_is_missed() -> None:
    docs = chain(5)[2:]
    assert start_of(docs, [], AT + timedelta(days=9)) == (0, GENESIS)


@pytest.mark.parametrize("other", [{}, {"seq": "1"}, {"seq": 1, "hash": None}, {"action": "x"}])
def test_a_record_that_is_no_entry_is_found(other: Doc) -> None:
    assert codes([*chain(2), other]) == ["no_entry"]


def entry(doc: Doc) -> Entry:
    record = record_of(doc)
    return Entry(record.topic, 0, doc["seq"], 1, record.key, record.value, record.headers)


def test_a_record_that_was_written_otherwise_is_found() -> None:
    good = entry(chain(1)[0])
    assert list(judge_form([good])) == []
    headers = tuple((n, b"2021-01-01T00:00:00Z" if n == "ce_time" else v) for n, v in good.headers)
    for changed in (
        {"headers": headers},
        {"key": b"else"},
        {"value": (good.value or b"").replace(b'":', b'": ')},
    ):
        bad = Entry(**{**{n: getattr(good, n) for n in good.__slots__}, **changed})
        assert [fault.code for fault in judge_form([bad])] == ["changed"]


def event(event_id: str, *, source: str = "/api/dispatcher", kind: str = "lot.declared") -> Entry:
    headers = {"ce_id": event_id, "ce_source": source, "ce_type": kind}
    raw = tuple((name, text.encode()) for name, text in headers.items())
    return Entry("harvest.lot.v1", 0, 7, 100, b"L1", b'{"lot_id": "L1"}', raw)


def audited(event_id: str, content: bytes = b'{"lot_id": "L1"}') -> list[Doc]:
    named = AuditedEvent(
        id=event_id,
        source="/api/dispatcher",
        type="lot.declared",
        content=hashlib.sha256(content).hexdigest(),
    )
    return [chained(AuditNote(at=AT, action="lot.declared", events=[named]), "api", 0, GENESIS)]


def test_an_event_that_passed_the_audit_by_is_found() -> None:
    docs = audited("e1")
    assert list(judge_events(docs, [event("e1")], 0)) == []
    (fault,) = judge_events(docs, [event("e2")], 0)
    assert (fault.code, fault.where) == ("unaudited", "harvest.lot.v1:0:7")


def test_an_event_that_says_something_else_by_now_is_found() -> None:
    (fault,) = judge_events(audited("e1", b"{}"), [event("e1")], 0)
    assert fault.code == "altered"


@pytest.mark.parametrize(
    "other",
    [
        event("e2", source="/gps/provider-7"),
        event("e2", source="/streams/truck"),
        event("e2", kind="truck.position_reported"),
    ],
)
def test_events_of_others_and_telemetry_need_no_entry(other: Entry) -> None:
    assert list(judge_events(audited("e1"), [other], 0)) == []


def test_events_from_before_the_audit_log_need_no_entry() -> None:
    assert list(judge_events(audited("e1"), [event("e2")], 101)) == []


def test_an_entry_whose_events_never_came_is_no_fault() -> None:
    assert list(judge_events(audited("e1"), [], 0)) == []


def test_the_topic_is_kept_as_long_as_the_settings_say() -> None:
    def retention(settings: Settings) -> str:
        (topic,) = (each for each in wanted_topics(settings) if each.name == "audit.entry.v1")
        return topic.configs["retention.ms"]

    assert retention(Settings()) == "-1"
    assert retention(Settings(audit_days=1826)) == str(1826 * 86_400_000)
