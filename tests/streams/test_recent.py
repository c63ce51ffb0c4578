"""Hold the packed memory of identities against a plain list."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.fold import Entity
from streams.recent import Recent
from streams.truck import POSITIONS_REMEMBERED

LIMIT = 4
_DIGESTS = ("00aa" * 4, "11bb" * 4)
_EVENTS = st.tuples(st.integers(0, 12), st.sampled_from("abcdefgh"), st.sampled_from(_DIGESTS))


class _Plain:
    """What `Recent` does, in so many words."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, str, str]] = []

    def know(self, identity: str, digest: str) -> bool | None:
        for _, known, content in self.kept:
            if known == identity:
                return content == digest
        return None

    def add(self, at_ms: int, identity: str, digest: str) -> None:
        self.kept.append((at_ms, identity, digest))
        self.kept.sort(key=lambda one: one[0])
        del self.kept[:-LIMIT]


@given(st.lists(_EVENTS, max_size=40), st.lists(st.sampled_from("abcdefgh"), max_size=3))
def test_it_knows_what_a_plain_list_knows(
    events: list[tuple[int, str, str]], forgotten: list[str]
) -> None:
    recent, plain = Recent(), _Plain()
    for at_ms, identity, digest in events:
        known = recent.know(identity, digest)
        assert known == plain.know(identity, digest)
        if known is None:
            recent = recent.with_event(at_ms, identity, digest, LIMIT)
            plain.add(at_ms, identity, digest)
        recent = Recent.from_text(recent.to_text())
        assert recent.times_ms == [at for at, _, _ in plain.kept]
    for identity in forgotten:
        recent = recent.without(identity)
        plain.kept = [one for one in plain.kept if one[1] != identity]
        for name in "abcdefgh":
            assert recent.know(name, _DIGESTS[0]) == plain.know(name, _DIGESTS[0])


def test_a_full_memory_of_positions_is_a_short_text() -> None:
    recent = Recent()
    for number in range(3 * POSITIONS_REMEMBERED):
        recent = recent.with_event(1_000 * number, f"gps {number}", "ab" * 9, POSITIONS_REMEMBERED)
    assert recent.size == POSITIONS_REMEMBERED
    assert len(recent.to_text()) < 22 * POSITIONS_REMEMBERED


def test_a_row_of_an_earlier_version_is_read_and_packed() -> None:
    """Rows with one object an identity: written until November 2026."""
    at = ["truck.position.v1:2:17"]
    row: dict[str, Any] = {
        "partition": 2,
        "views": {"truck:T": {"truck_id": "T", "version": 3}},
        "memory": {
            "/test reg": {"d": "cd" * 9, "at": ["truck.registry.v1:2:0"]},
            "/gps b": {"d": "ab" * 9, "at": at, "t": "2026-11-30T05:00:01.000+00:00"},
            "/gps a": {"d": "ef" * 9, "at": at, "t": "2026-11-30T05:00:00.500+00:00"},
        },
        "counts": {},
        "parked": [],
        "own": {"read": {"truck.position.v1": 18}},
    }
    entity = Entity.from_doc(row)
    assert list(entity.memory) == ["/test reg"]
    recent = entity.recent["truck.position.v1"]
    first, second = recent.times_ms
    assert second - first == 500
    assert recent.know("/gps a", "ef" * 9) is True
    assert recent.know("/gps b", "00" * 9) is False
    assert Entity.from_doc(entity.to_doc()) == entity
