"""Lay roads out as nodes and arcs, with copies of the junctions at which moves are restricted.

What a truck may do next can depend on how it came: it may have begun a forbidden move
(`routing.roads.moves`), and roads for residents only may be driven by who starts or ends there. A
node is a junction together with what there is to remember; the junction itself is the node where
that is nothing, and only junctions at which something is remembered have copies.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from routing.roads.moves import NOTHING, moves
from routing.roads.network import RULE_KINDS, Arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.roads.draft import Draft
    from routing.roads.moves import Moves

BASE, ENTERED, STARTED = range(3)
"""How a truck is to roads for residents only: on other roads; on them, come from others, which it
may not reach again; on them since it started."""

BARRED = -1
_NEXT = np.array([[BASE, ENTERED], [BARRED, ENTERED], [BASE, STARTED]])
"""How it is after a road for all, and after one for residents only."""

_TURN = RULE_KINDS.index("turn")


class _Stand(NamedTuple):
    """A junction and what there is to remember at it."""

    junction: int
    state: int
    layer: int


@dataclass(frozen=True, slots=True)
class _Letters:
    """Every segment in every direction: letter ``2 * segment + direction``, ``2 s`` of them.

    Parameters
    ----------
    tail, head
        Junctions at which it begins and ends.
    residents
        Whether it is for residents only.
    open
        The letters that may be driven, ascending.
    home
        The layer in which a truck is that starts at each junction, shape ``(j,)``: one where all
        roads are for residents only belongs to them.
    """

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    residents: NDArray[np.bool_]
    open: NDArray[np.int64]
    home: NDArray[np.int8]


@dataclass(slots=True)
class _Copies:
    """Copies of junctions and the arcs out of them, found by following trucks.

    Parameters
    ----------
    letters, moves
        What may be driven, and after what.
    stands, number
        The copies found so far, and the node of each.
    arcs
        ``(u, v, letter)`` of each arc out of a copy.
    rules
        ``(arc, when)``: the arc completes a move that is forbidden then.
    """

    letters: _Letters
    moves: Moves
    stands: list[_Stand] = field(default_factory=list)
    number: dict[_Stand, int] = field(default_factory=dict)
    arcs: list[tuple[int, int, int]] = field(default_factory=list)
    rules: list[tuple[int, int]] = field(default_factory=list)

    def arrivals(self, letters: NDArray[np.int64], layers: NDArray[Any]) -> NDArray[np.int32]:
        """Return the node at which a truck arrives by each letter, remembering nothing before it.

        Parameters
        ----------
        letters
            The letters.
        layers
            How it is to roads for residents only, once it drove them.
        """
        nodes = self.letters.head[letters].copy()
        first = np.zeros(len(self.letters.tail), dtype=np.int32)
        first[list(self.moves.first)] = list(self.moves.first.values())
        elsewhere = (first[letters] != NOTHING) | (layers != self.letters.home[nodes])
        for at in np.flatnonzero(elsewhere).tolist():
            stand = _Stand(int(nodes[at]), int(first[letters[at]]), int(layers[at]))
            nodes[at] = self.node(stand)
        return nodes

    def node(self, stand: _Stand) -> int:
        """Return the node of a junction with what there is to remember."""
        if stand.state == NOTHING and stand.layer == self.letters.home[stand.junction]:
            return stand.junction
        if stand not in self.number:
            self.number[stand] = len(self.letters.home) + len(self.stands)
            self.stands.append(stand)
        return self.number[stand]

    def follow(self) -> None:
        """Find every arc out of every copy, and the copies to which they lead."""
        if not self.stands:
            return
        letters = self.letters
        leaving = letters.open[np.argsort(letters.tail[letters.open], kind="stable")]
        start = np.searchsorted(letters.tail[leaving], np.arange(len(letters.home) + 1)).tolist()
        for stand in self.stands:  # grows meanwhile
            out = leaving[start[stand.junction] : start[stand.junction + 1]]
            self._leave(stand, out.tolist())

    def _leave(self, stand: _Stand, out: list[int]) -> None:
        """Add the arcs out of one copy."""
        node = self.number[stand]
        for letter in out:
            layer = int(_NEXT[stand.layer, int(self.letters.residents[letter])])
            move = self.moves.after(stand.state, letter)
            if layer == BARRED or move.forbidden:
                continue
            to = self.node(_Stand(int(self.letters.head[letter]), move.state, layer))
            self.rules.extend((len(self.arcs), when) for when in move.when)
            self.arcs.append((node, to, letter))


def lay_out(draft: Draft) -> Arrays:
    """Return roads as arrays on which every way is one that a truck may drive.

    Parameters
    ----------
    draft
        The roads as read.

    Returns
    -------
    Arrays
        Its junctions are the first nodes, in the draft's order; a way from one begins at it, and
        a way to one ends at it or at any of its copies.
    """
    letters = _letters(draft)
    copies = _Copies(letters, moves(t for t in draft.turns if _can_be_made(draft, t.path)))
    began = _NEXT[letters.home[letters.tail], letters.residents.astype(np.int8)]
    heads = copies.arrivals(letters.open, began[letters.open])
    within = np.where(letters.residents, STARTED, BASE)
    leave = np.full(len(letters.tail), -1, dtype=np.int32)
    leave[letters.open] = copies.arrivals(letters.open, within[letters.open])
    copies.follow()
    more = np.array(copies.arcs, dtype=np.int32).reshape(-1, 3)
    tail = np.concatenate([letters.tail[letters.open], more[:, 0]])
    head = np.concatenate([heads, more[:, 1]])
    letter = np.concatenate([letters.open, more[:, 2]])
    order = np.lexsort((letter, head, tail))
    position = np.empty(len(order), dtype=np.int32)
    position[order] = np.arange(len(order), dtype=np.int32)
    seg_arc = np.full(len(letters.tail), -1, dtype=np.int32)
    seg_arc[letters.open] = position[: len(letters.open)]
    own = {each.name for each in fields(Arrays)}
    kept = {f.name: getattr(draft, f.name) for f in fields(draft) if f.name in own}
    return Arrays(
        **kept
        | _nodes(draft, [stand.junction for stand in copies.stands])
        | _arcs(tail[order], head[order], letter[order])
        | _rules(draft, letter[order], position[len(letters.open) :], copies.rules),
        seg_arc=seg_arc.reshape(-1, 2),
        seg_leave=leave.reshape(-1, 2),
    )


def _can_be_made(draft: Draft, path: tuple[tuple[int, int], ...]) -> bool:
    return all(draft.seg_open[segment, direction] for segment, direction in path)


def _letters(draft: Draft) -> _Letters:
    ends = np.stack([draft.seg_u, draft.seg_v], axis=1).astype(np.int32)
    tail, head = ends.ravel(), ends[:, ::-1].ravel()
    is_open = draft.seg_open.ravel()
    residents = np.repeat(draft.seg_residents, 2)
    touched = np.zeros((2, len(draft.node_id)), dtype=bool)
    for kind, of_kind in enumerate((~residents, residents)):
        touched[kind, tail[is_open & of_kind]] = True
        touched[kind, head[is_open & of_kind]] = True
    home = np.where(touched[1] & ~touched[0], STARTED, BASE).astype(np.int8)
    return _Letters(tail, head, residents, np.flatnonzero(is_open), home)


def _nodes(draft: Draft, copied: list[int]) -> dict[str, NDArray[Any]]:
    """Return the junctions and after them their copies."""
    junctions = len(draft.node_id)
    of = np.concatenate([np.arange(junctions), np.array(copied, dtype=np.int64)])
    fresh = draft.node_id.max(initial=0) + 1 + np.arange(len(copied), dtype=np.int64)
    return {
        "node_id": np.concatenate([draft.node_id, fresh]),
        "lat": draft.lat[of],
        "lon": draft.lon[of],
        "node_junction": of.astype(np.int32),
    }


def _arcs(
    tail: NDArray[np.int32], head: NDArray[np.int32], letter: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """Return arcs, ordered by ends and letter, with keys that number the parallel ones."""
    at = np.arange(len(tail))
    begins = np.ones(len(tail), dtype=bool)
    begins[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    key = at - np.maximum.accumulate(np.where(begins, at, 0))
    return {
        "arc_u": tail,
        "arc_v": head,
        "arc_key": key.astype(np.int32),
        "arc_segment": (letter // 2).astype(np.int32),
        "arc_backwards": letter % 2 == 1,
    }


def _rules(
    draft: Draft,
    letter: NDArray[np.int64],
    copied: NDArray[np.int32],
    turns: list[tuple[int, int]],
) -> dict[str, NDArray[Any]]:
    """Return the rules of segments for each of their arcs, then those of moves.

    Parameters
    ----------
    draft
        The roads as read.
    letter
        The letter of each arc.
    copied
        The arcs out of copies, in the order in which they were found.
    turns
        Position in ``copied``, and when the move is forbidden.
    """
    by_letter = np.argsort(letter, kind="stable")
    ruled = 2 * draft.rule_segment.astype(np.int64) + draft.rule_direction
    start = np.searchsorted(letter[by_letter], ruled)
    count = np.searchsorted(letter[by_letter], ruled, side="right") - start
    row = np.repeat(np.arange(len(ruled)), count)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    found = np.array(turns, dtype=np.int64).reshape(-1, 2)
    none = np.zeros(len(found), dtype=np.int32)
    return {
        "rule_arc": np.concatenate([by_letter[start[row] + nth], copied[found[:, 0]]]).astype("i4"),
        "rule_kind": np.concatenate([draft.rule_kind[row], none + _TURN]).astype(np.int8),
        "rule_value": np.concatenate([draft.rule_value[row], none]).astype(np.int32),
        "rule_when": np.concatenate([draft.rule_when[row], found[:, 1]]).astype(np.int32),
    }
