"""The views in memory follow what is told, pages lose nothing, and turns tell the latest of all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.changes import Change, Found, Position
from api.hub import KEPT_BYTES, Channel
from api.mirror import KINDS, Mirror, Shelf
from api.problems import Problem
from api.reads import page
from api.sight import Sight
from api.tokens import Actor
from api.wanted import Wanted, cursor_after, folded
from schemas.errors import Unavailable

EVERYBODY = Sight(Actor("dispatcher", None, 0.0))
IDS = st.sampled_from([f"T{number:02d}" for number in range(20)])
STEPS = st.lists(st.tuples(IDS, st.booleans()), max_size=40)
"""Which truck changes, and whether it is removed."""


class Told:
    """A Redis that tells what a test says, and can be silent or forget."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.views: dict[str, bytes] = {}
        self.is_silent = False
        self.is_torn = False
        self.looks = 0

    def say(self, entity_id: str, *, removed: bool = False, **doc: Any) -> None:
        """Tell one change."""
        number = len(self.changes) + 1
        raw = orjson.dumps({"version": number, "number": number, **doc})
        self.changes.append(Change(f"{number}-0", "truck", entity_id, raw, removed))
        if removed:
            self.views.pop(entity_id, None)
        else:
            self.views[entity_id] = raw

    async def since(self, known: Position) -> Found | None:
        """Tell what followed, three at a time."""
        self.looks += 1
        await asyncio.sleep(0)
        if self.is_silent:
            raise Unavailable("silent")
        if self.is_torn:
            self.is_torn = False
            return None
        rest = self.changes[known.at[0] : known.at[0] + 3]
        at = (known.at[0] + len(rest), 0)
        return Found(rest, Position(at), at[0] == len(self.changes))

    async def everything(self, kinds: Sequence[str]) -> tuple[Position, dict[str, Any]]:
        """Tell all."""
        if self.is_silent:
            raise Unavailable("silent")
        found: dict[str, Any] = {kind: {} for kind in kinds}
        found["truck"] = dict(self.views)
        return Position((len(self.changes), 0)), found


def mirrored() -> tuple[Told, Mirror]:
    told: Any = Told()
    return told, Mirror(told)


def held(mirror: Mirror) -> dict[str, bytes]:
    return {name: entry.raw for name, entry in mirror.shelf("truck").items()}


async def test_a_mirror_holds_what_redis_held_when_it_was_asked() -> None:
    told, mirror = mirrored()
    told.say("T1")
    assert held(await mirror.fresh()) == told.views
    for number in range(8):
        told.say(f"T{number}", removed=number == 1)
    assert held(await mirror.fresh()) == told.views
    assert mirror.position == "9-0"


async def test_those_who_ask_together_share_a_look_and_none_sees_less_than_there_was() -> None:
    told, mirror = mirrored()
    await mirror.fresh()
    before = told.looks

    async def ask() -> bool:
        told.say("T1")
        known = told.views["T1"]
        found = (await mirror.fresh()).shelf("truck").get("T1")
        return (
            found is not None and orjson.loads(found.raw)["number"] >= orjson.loads(known)["number"]
        )

    assert all(await asyncio.gather(*(ask() for _ in range(200))))
    assert told.looks - before < 100


async def test_whoever_asks_a_silent_redis_is_told_so_and_later_answered() -> None:
    told, mirror = mirrored()
    told.say("T1")
    told.is_silent = True
    answers = await asyncio.gather(*(mirror.fresh() for _ in range(5)), return_exceptions=True)
    assert all(isinstance(answer, Unavailable) for answer in answers)
    with pytest.raises(Unavailable):
        mirror.shelf("truck")
    told.is_silent = False
    assert held(await mirror.fresh()) == told.views


async def test_what_was_lost_is_read_anew_and_followers_hear_of_it() -> None:
    told, mirror = mirrored()
    await mirror.fresh()
    heard: list[Sequence[Change] | None] = []
    mirror.listen(heard.append)
    told.say("T1")
    await mirror.fresh()
    told.views = {"T2": b'{"version":1}'}
    told.is_torn = True
    await mirror.fresh()
    assert held(mirror) == {"T2": b'{"version":1}'}
    assert [None if each is None else len(each) for each in heard] == [1, None]


@given(before=STEPS, between=st.lists(STEPS, max_size=8), size=st.integers(1, 6))
def test_pages_tell_everything_that_stood_throughout_once(
    before: list[tuple[str, bool]], between: list[list[tuple[str, bool]]], size: int
) -> None:
    told, mirror = mirrored()
    views: Any = SimpleNamespace(mirror=mirror)
    for entity_id, removed in before:
        told.say(entity_id, removed=removed)
    standing = set(told.views)

    async def read() -> list[str]:
        found: list[str] = []
        cursor, waves = None, iter(between)
        while True:
            wanted = Wanted(limit=size, cursor=cursor)
            await mirror.fresh()
            _, items, last = await page(views, EVERYBODY, "truck", wanted, wanted.after("truck"))
            found += [orjson.loads(item)["id"] for item in items]
            if last is None:
                return found
            cursor = cursor_after("truck", wanted, last)
            for entity_id, removed in next(waves, []):
                if removed:
                    standing.discard(entity_id)
                told.say(entity_id, removed=removed)

    found = asyncio.run(read())
    assert found == sorted(set(found))
    assert standing <= set(found)


@given(size=st.integers(1, 4), even=st.booleans())
def test_a_filtered_collection_has_the_same_items_in_pages_as_whole(
    *, size: int, even: bool
) -> None:
    told, mirror = mirrored()
    views: Any = SimpleNamespace(mirror=mirror)
    for number in range(11):
        told.say(f"T{number}", status="free" if number % 2 else "away")
    status = "free" if even else None

    async def read() -> tuple[list[bytes], list[bytes], int]:
        await mirror.fresh()
        count, whole, _ = await page(views, EVERYBODY, "truck", Wanted(status=status), "")
        parts: list[bytes] = []
        wanted = Wanted(status=status, limit=size)
        last: str | None = ""
        while last is not None:
            _, items, last = await page(views, EVERYBODY, "truck", wanted, last)
            parts += items
        return whole, parts, count

    whole, parts, count = asyncio.run(read())
    assert parts == whole
    assert count == len(whole)


def test_a_cursor_of_other_filters_or_none_at_all_is_refused() -> None:
    cursor = cursor_after("truck", Wanted(status="free", limit=5), "T1")
    assert Wanted(status="free", limit=9, cursor=cursor).after("truck") == "T1"
    for other in (
        Wanted(status="away", cursor=cursor),
        Wanted(cursor="nonsense"),
        Wanted(cursor="é"),
    ):
        with pytest.raises(Problem, match="cursor"):
            other.after("truck")
    with pytest.raises(Problem, match="cursor"):
        Wanted(status="free", cursor=cursor).after("lot")


def test_names_are_found_without_their_marks() -> None:
    doc = {"name": "Cảng Tắc Cậu", "pickup": {"name": "Rạch Giá"}, "plate": "68C-123.45"}
    for part in ("tac cau", "TẮC", "rach gia", "68c12345", "F1"):
        assert Wanted(q=part).takes("F1", doc)
    for part in ("can tho", "69c"):
        assert not Wanted(q=part).takes("F1", doc)
    assert folded("Đồng Đăng") == "dong dang"


# Turns


def events_of(text: bytes) -> list[dict[str, Any]]:
    """Read what a turn tells."""
    found = []
    for block in text.split(b"\n\n"):
        lines = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line)
        if b"event" in lines:
            data = orjson.loads(lines[b"data"])
            found.append({"id": lines[b"id"], "event": lines[b"event"].decode(), "data": data})
    return found


@given(steps=st.lists(st.tuples(IDS, st.booleans(), st.booleans()), max_size=60))
def test_whoever_follows_ends_with_what_there_is(steps: list[tuple[str, bool, bool]]) -> None:
    """Whenever turns come, and going by versions as the pages do."""
    told, shelf = Told(), Shelf({}, "0-0")
    channel = Channel(EVERYBODY, KINDS, "0-0")
    versions: dict[str, int] = {}
    seen: dict[str, int] = {}
    newest: dict[str, int] = {}
    turn = channel.end

    def read(turn: int) -> int:
        if turn == channel.end:
            return turn
        text = channel.since(turn)
        assert text is not None
        events = events_of(text)
        numbers = [int(event["id"].split(b"-")[0]) for event in events]
        assert numbers == sorted(numbers)
        for event in events:
            name = event["data"]["id"]
            if event["event"] == "removed":
                seen.pop(name, None)
                newest.pop(name, None)
            elif event["data"]["version"] > newest.get(name, 0):
                newest[name] = event["data"]["version"]
                seen[name] = event["data"]["number"]
        return channel.end

    for name, removed, is_turn in steps:
        versions[name] = 0 if removed else versions.get(name, 0) + 1
        told.say(name, removed=removed, version=versions[name])
        channel.hear(told.changes[-1:])
        shelf.apply(told.changes[-1])
        if is_turn:
            channel.turn(after_s=99)
            turn = read(turn)
    channel.turn(after_s=99)
    read(turn)
    assert seen == {name: entry.doc["number"] for name, entry in shelf.items()}


async def test_one_who_never_reads_is_let_go_and_the_others_go_on() -> None:
    told, channel = Told(), Channel(EVERYBODY, KINDS, "0-0")
    slow = quick = channel.end
    heard = 0
    for number in range(1, 40):
        told.say(f"T{number}", pad="x" * (KEPT_BYTES // 20))
        channel.hear(told.changes[-1:])
        channel.turn(after_s=99)
        text = channel.since(quick)
        assert text is not None
        heard += len(events_of(text))
        quick = channel.end
    assert heard == 39
    assert channel.since(slow) is None


async def test_a_turn_with_nothing_to_tell_is_a_sign_of_life_after_a_while() -> None:
    channel = Channel(EVERYBODY, KINDS, "7-0")
    channel.turn(after_s=99)
    assert channel.end == 0
    channel.turn(after_s=0)
    assert channel.since(0) == b": still here\nid: 7-0\n\n"
