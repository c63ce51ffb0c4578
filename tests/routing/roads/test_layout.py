"""Hold laid-out roads to every way that restrictions leave, found by looking at whole ways."""

from __future__ import annotations

import heapq
import re
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from routing.roads.draft import Draft, Turn
from routing.roads.layout import lay_out
from routing.roads.network import RULE_KINDS, Arrays
from tests.routing.roads.drafts import draft_of

LONGEST = 4
"""The longest forbidden move that is drawn."""

Word = tuple[int, ...]
"""A way as letters: twice the segment, plus its direction."""

TURN = RULE_KINDS.index("turn")


class World(NamedTuple):
    """Roads, and the hours that hold (indices into ``when``)."""

    draft: Draft
    hours: frozenset[int]


def _ends(draft: Draft, letter: int) -> tuple[int, int]:
    """Return the junctions from and to which a letter leads."""
    ends = int(draft.seg_u[letter // 2]), int(draft.seg_v[letter // 2])
    return ends if letter % 2 == 0 else ends[::-1]


def _after(draft: Draft, junction: int) -> list[int]:
    """Return the letters that may be driven from a junction, whatever came before."""
    letters = np.flatnonzero(draft.seg_open.ravel()).tolist()
    return [letter for letter in letters if _ends(draft, letter)[0] == junction]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a small multigraph with one-ways, loops, residents' roads and forbidden moves."""
    junctions = draw(st.integers(1, 5))
    junction = st.integers(0, junctions - 1)
    segments = draw(st.lists(st.tuples(junction, junction), min_size=1, max_size=6))
    count = len(segments)
    draft = draft_of(
        junctions,
        segments,
        one_way=draw(
            st.lists(
                st.sampled_from(["both", "both", "forwards", "backwards"]),
                min_size=count,
                max_size=count,
            )
        ),
        residents=draw(
            st.lists(st.sampled_from([False, False, True]), min_size=count, max_size=count)
        ),
        length_m=draw(st.lists(st.integers(1, 40), min_size=count, max_size=count)),
    )
    turns = []
    for _ in range(draw(st.integers(0, 5))):
        word = [draw(st.sampled_from(np.flatnonzero(draft.seg_open.ravel()).tolist()))]
        for _ in range(draw(st.integers(1, LONGEST - 1))):
            further = _after(draft, _ends(draft, word[-1])[1])
            if further:
                word.append(draw(st.sampled_from(further)))
        if len(word) > 1:
            path = tuple(divmod(letter, 2) for letter in word)
            turns.append(Turn(path, draw(st.sampled_from([0, 0, 1, 2]))))
    draft = replace(draft, turns=tuple(turns))
    return World(draft, draw(st.frozensets(st.sampled_from([1, 2]))))


def _may_drive(world: World, word: Word, *, from_outside: bool) -> bool:
    """Judge a whole way: no forbidden move in it, no way through residents' roads."""
    draft = world.draft
    for turn in draft.turns:
        path = tuple(2 * segment + direction for segment, direction in turn.path)
        holds = turn.when == 0 or turn.when in world.hours
        if holds and any(word[at : at + len(path)] == path for at in range(len(word))):
            return False
    kinds = "".join("r" if draft.seg_residents[letter // 2] else "n" for letter in word)
    return re.search("nr+n", "n" * from_outside + kinds) is None


def _is_outside(draft: Draft, junction: int) -> bool:
    """Say whether a truck that starts at a junction stands on a road that is for all."""
    letters = np.flatnonzero(draft.seg_open.ravel()).tolist()
    touching = [letter // 2 for letter in letters if junction in _ends(draft, letter)]
    return not touching or not draft.seg_residents[touching].all()


def _open_arcs(arrays: Arrays, hours: frozenset[int]) -> list[int]:
    """Return the arcs that no rule of a move forbids."""
    off = (arrays.rule_kind == TURN) & np.isin(arrays.rule_when, [0, *hours])
    forbidden = set(arrays.rule_arc[off].tolist())
    return [arc for arc in range(len(arrays.arc_u)) if arc not in forbidden]


def _letter(arrays: Arrays, arc: int) -> int:
    return 2 * int(arrays.arc_segment[arc]) + int(arrays.arc_backwards[arc])


def _spelled(arrays: Arrays, node: int, hours: frozenset[int], length: int) -> list[Word]:
    """Return every way of so many arcs from a node, as letters."""
    out: dict[int, list[tuple[int, int]]] = {}
    for arc in _open_arcs(arrays, hours):
        step = (_letter(arrays, arc), int(arrays.arc_v[arc]))
        out.setdefault(int(arrays.arc_u[arc]), []).append(step)
    ways: list[tuple[Word, int]] = [((), node)]
    for _ in range(length):
        ways = [((*word, letter), to) for word, at in ways for letter, to in out.get(at, ())]
    return sorted(word for word, _ in ways)


def _wanted(world: World, begun: Word, junction: int, length: int) -> list[Word]:
    """Return every way of so many letters that may be driven, from a junction or a segment."""
    from_outside = not begun and _is_outside(world.draft, junction)
    ways: list[Word] = [begun]
    for _ in range(length):
        ways = [
            (*way, letter)
            for way in ways
            for letter in _after(world.draft, _ends(world.draft, way[-1])[1] if way else junction)
            if _may_drive(world, (*way, letter), from_outside=from_outside)
        ]
    return sorted(way[len(begun) :] for way in ways)


@settings(deadline=None, max_examples=150)
@given(worlds(), st.integers(1, LONGEST))
def test_ways_from_a_junction_are_those_that_may_be_driven(world: World, length: int) -> None:
    """All of them and no others: no forbidden move, no way through residents' roads."""
    arrays = lay_out(world.draft)
    for junction in range(len(world.draft.node_id)):
        spelled = _spelled(arrays, junction, world.hours, length)
        assert spelled == _wanted(world, (), junction, length)


@settings(deadline=None, max_examples=150)
@given(worlds(), st.integers(1, LONGEST))
def test_ways_from_within_a_segment_honour_how_they_began(world: World, length: int) -> None:
    """The piece on which a truck started counts as driven; against a one-way none leaves."""
    arrays = lay_out(world.draft)
    for letter, node in enumerate(arrays.seg_leave.ravel().tolist()):
        if not world.draft.seg_open.ravel()[letter]:
            assert node == -1
            continue
        junction = _ends(world.draft, letter)[1]
        assert arrays.node_junction[node] == junction
        spelled = _spelled(arrays, node, world.hours, length)
        assert spelled == _wanted(world, (letter,), junction, length)


def _slow_m(world: World, junction: int) -> dict[int, float]:
    """Find the shortest ways to all junctions by remembering the last letters and the kinds."""
    draft = world.draft
    outside = _is_outside(draft, junction)
    best: dict[tuple[Word, str], float] = {}
    reached: dict[int, float] = {}
    queue: list[tuple[float, Word, str]] = [(0.0, (), "n" * outside)]
    while queue:
        cost, word, kinds = heapq.heappop(queue)
        if (word, kinds) in best:
            continue
        best[word, kinds] = cost
        at = _ends(draft, word[-1])[1] if word else junction
        reached[at] = min(cost, reached.get(at, np.inf))
        for letter in _after(draft, at):
            kind = "r" if draft.seg_residents[letter // 2] else "n"
            longer = (*word, letter)
            if _may_drive(world, longer, from_outside=False) and f"{kinds}{kind}" != "nrn":
                seen = kinds if kinds.endswith(kind) else f"{kinds}{kind}"[-2:]
                further = cost + float(draft.seg_length_m[letter // 2])
                heapq.heappush(queue, (further, longer[-(LONGEST - 1) :], seen))
    return reached


@settings(deadline=None, max_examples=150)
@given(worlds())
def test_shortest_ways_are_those_of_a_search_over_histories(world: World) -> None:
    """From every junction to every other, the nearest copy of it counting."""
    arrays = lay_out(world.draft)
    nodes = len(arrays.node_id)
    best = np.full((nodes, nodes), np.inf)
    for arc in _open_arcs(arrays, world.hours):
        at = int(arrays.arc_u[arc]), int(arrays.arc_v[arc])
        best[at] = min(best[at], arrays.seg_length_m[arrays.arc_segment[arc]])
    best[np.isinf(best)] = 0  # no entry
    found_m = dijkstra(csr_array(best))
    for u in range(len(world.draft.node_id)):
        slow = _slow_m(world, u)
        for v in range(len(world.draft.node_id)):
            copies = arrays.node_junction == v
            assert found_m[u, copies].min() == slow.get(v, np.inf)


@given(worlds())
def test_arcs_are_ordered_and_named_once(world: World) -> None:
    """By ends and key; each segment names an arc out of its junction, in each open direction."""
    arrays, draft = lay_out(world.draft), world.draft
    names = list(zip(arrays.arc_u, arrays.arc_v, arrays.arc_key, strict=True))
    assert names == sorted(set(names))
    assert (arrays.seg_arc >= 0).tolist() == draft.seg_open.tolist()
    for letter, arc in enumerate(arrays.seg_arc.ravel().tolist()):
        if arc >= 0:
            assert _letter(arrays, arc) == letter
            assert arrays.arc_u[arc] == _ends(draft, letter)[0]


@given(worlds())
def test_copies_stand_where_their_junctions_do(world: World) -> None:
    """Junctions come first, in the draft's order; copies have fresh names and are reached."""
    arrays, draft = lay_out(world.draft), world.draft
    junctions = len(draft.node_id)
    assert arrays.node_junction[:junctions].tolist() == list(range(junctions))
    assert (arrays.node_junction < junctions).all()
    assert arrays.lat.tolist() == draft.lat[arrays.node_junction].tolist()
    assert arrays.lon.tolist() == draft.lon[arrays.node_junction].tolist()
    assert len(set(arrays.node_id.tolist())) == len(arrays.node_id)
    assert (arrays.node_id[junctions:] > draft.node_id.max()).all()
    copies = set(range(junctions, len(arrays.node_id)))
    assert copies <= set(arrays.arc_v.tolist()) | set(arrays.seg_leave.ravel().tolist())


@given(worlds())
def test_laying_out_twice_gives_the_same_arrays(world: World) -> None:
    """To the byte, so that equal roads have equal hashes."""
    one, two = lay_out(world.draft).named(), lay_out(world.draft).named()
    assert all(np.array_equal(one[name], two[name]) for name in one)


CROSS = [(0, 1), (1, 2), (1, 3), (1, 4)]
"""Four roads that meet at junction 1."""


def test_roads_without_restrictions_have_no_copies() -> None:
    """Every junction is one node, each open direction one arc."""
    arrays = lay_out(draft_of(5, CROSS))
    assert len(arrays.node_id) == 5
    assert len(arrays.arc_u) == 8
    assert arrays.seg_leave.tolist() == [[1, 0], [2, 1], [3, 1], [4, 1]]


def test_only_the_restricted_junction_is_copied() -> None:
    """Two roads from which the same turn is forbidden share a copy."""
    into = ((1, 0),)
    turns = (Turn(((0, 0), *into)), Turn(((2, 1), *into)))
    arrays = lay_out(draft_of(5, CROSS, turns=turns))
    assert arrays.node_junction.tolist() == [0, 1, 2, 3, 4, 1]
    assert sorted(arrays.arc_v[arrays.arc_u == 5].tolist()) == [0, 3, 4]


def test_a_move_along_a_closed_way_makes_no_copy() -> None:
    """A forbidden turn into a road that nobody may enter restricts nobody."""
    turns = (Turn(((0, 0), (1, 0))),)
    one_way = ["both", "backwards", "both", "both"]
    arrays = lay_out(draft_of(5, CROSS, one_way=one_way, turns=turns))
    assert len(arrays.node_id) == 5


def test_a_move_forbidden_at_hours_keeps_its_arc_with_a_rule() -> None:
    """The rule is about that arc alone, in the hours of the restriction."""
    arrays = lay_out(draft_of(5, CROSS, turns=(Turn(((0, 0), (1, 0)), when=2),)))
    assert arrays.rule_kind.tolist() == [TURN]
    assert (arrays.rule_value.tolist(), arrays.rule_when.tolist()) == ([0], [2])
    arc = int(arrays.rule_arc[0])
    assert arrays.arc_u[arc] == 5
    assert (arrays.arc_segment[arc], arrays.arc_v[arc]) == (1, 2)


def test_a_rule_of_a_segment_holds_on_every_arc_of_its_direction() -> None:
    """Copies of its junction make no way round a weight limit."""
    turns = (Turn(((0, 0), (2, 0))),)
    draft = draft_of(5, CROSS, turns=turns, rules=[(1, 0, "weight_kg", 8000, 1)])
    arrays = lay_out(draft)
    arcs = np.flatnonzero((arrays.arc_segment == 1) & ~arrays.arc_backwards)
    assert len(arcs) == 2
    assert sorted(arrays.rule_arc.tolist()) == arcs.tolist()
    assert set(arrays.rule_value.tolist()) == {8000}
    assert set(arrays.rule_when.tolist()) == {1}
    assert set(arrays.rule_kind.tolist()) == {RULE_KINDS.index("weight_kg")}


@pytest.mark.parametrize("start", [2, 3])
def test_a_farm_at_the_end_of_a_residents_road_can_be_left(start: int) -> None:
    """A truck that starts at a junction among residents' roads only is one that started there."""
    draft = draft_of(4, [(0, 1), (1, 2), (2, 3)], residents=[False, True, True])
    arrays = lay_out(draft)
    world = World(draft, frozenset())
    assert _spelled(arrays, start, frozenset(), start) == _wanted(world, (), start, start)
    assert any(word[-1] == 1 for word in _spelled(arrays, start, frozenset(), start))
