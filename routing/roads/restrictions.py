"""Read OpenStreetMap's turn restrictions and find the moves that they forbid.

What they say: the Wiki of OpenStreetMap, "Relation:restriction". ``only_`` forbids every other
continuation at each junction of its way.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from routing.roads.bans import Ban, imposed, lifted
from routing.roads.conditional import clauses
from routing.roads.draft import Turn
from routing.roads.permission import HGV_FROM_KG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from routing.roads.conditional import Clause

    Letter = int
    """A segment in a direction: twice the segment, plus one backwards."""

_ABOUT_TRUCKS = ("restriction", "restriction:hgv")
_EXCEPT_TRUCKS = frozenset({"hgv", "goods", "motor_vehicle", "vehicle"})
_NO, _ONLY = "no", "only"
_SPLIT = 2


class Restriction(NamedTuple):
    """A turn restriction as read; ways and nodes by their ids.

    Parameters
    ----------
    number
        The relation's id.
    froms, tos
        Ways on which a truck comes, and ways onto which it may not or must go.
    node
        The node by which it goes, 0 where it goes by ways.
    ways
        The ways by which it goes, in order.
    whens
        ``no`` or ``only``, and when each holds, as rules say it.
    exact
        Whether just as the relation says.
    turns_round
        Whether a truck comes and goes on one way.
    """

    number: int
    froms: tuple[int, ...]
    tos: tuple[int, ...]
    node: int
    ways: tuple[int, ...]
    whens: tuple[tuple[str, str], ...]
    exact: bool
    turns_round: bool


def read_restriction(
    number: int, tags: Mapping[str, str], members: Sequence[tuple[str, int, str]]
) -> Restriction | None:
    """Return a turn restriction, None where it does not concern trucks.

    Parameters
    ----------
    number
        The relation's id.
    tags
        Its tags.
    members
        Kind (``n`` or ``w``), id and role of each.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    if not any(key in tags or f"{key}:conditional" in tags for key in _ABOUT_TRUCKS):
        if any(key.startswith("restriction:") for key in tags):
            return None
        raise ValueError(number)
    excepted = {word.strip() for word in tags.get("except", "").lower().split(";")}
    whens, exact = _whens(tags, general=not excepted & _EXCEPT_TRUCKS)
    if not whens:
        return None
    froms, tos = (
        tuple(ref for kind, ref, of in members if (kind, of) == ("w", role))
        for role in ("from", "to")
    )
    nodes, ways = (
        tuple(ref for kind, ref, of in members if (kind, of) == (which, "via")) for which in "nw"
    )
    only = any(what == _ONLY for what, _ in whens)
    if not froms or not tos or len(nodes) > 1 or bool(nodes) == bool(ways):
        raise ValueError(number)
    if only and len(tos) > 1:
        raise ValueError(number)
    node = nodes[0] if nodes else 0
    return Restriction(number, froms, tos, node, ways, whens, exact, froms == tos)


def _whens(tags: Mapping[str, str], *, general: bool) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Return what holds when for trucks, and whether that is just what the tags say."""
    bans: list[Ban] = []
    exact = True
    for key in _ABOUT_TRUCKS if general else _ABOUT_TRUCKS[1:]:
        if key in tags:
            bans = [Ban(what)] if (what := _what(tags[key])) else []
        for clause in clauses(tags.get(f"{key}:conditional", "")):
            what = _what(clause.value)
            if what:
                ban, as_said = _of_trucks(what, clause)
                bans = [*bans, ban]
            else:
                bans, as_said = lifted(bans, clause._replace(read=clause.read and not clause.size))
            exact &= as_said
    return tuple(dict.fromkeys((ban.kind, ban.when) for ban in bans)), exact


def _what(value: str) -> str:
    """Return ``no``, ``only``, or nothing where a value forbids nothing.

    Raises
    ------
    ValueError
        If it is none of them.
    """
    word = value.strip().lower()
    for what in (_NO, _ONLY):
        if word.startswith(f"{what}_"):
            return what
    if word in {"none", "no", "yes", ""}:
        return ""
    raise ValueError(value)


def _of_trucks(what: str, clause: Clause) -> tuple[Ban, bool]:
    """Return the ban of a clause; a size that every truck exceeds is none."""
    size = clause.size
    everyone = size is None or (
        size.above and size.kind == "weight_kg" and size.value <= HGV_FROM_KG
    )
    ban, read = imposed(what, clause._replace(size=None))
    return ban, read and everyone


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Segments as restrictions find them: ``s`` segments, ways in the order of segments.

    Parameters
    ----------
    u, v
        Junctions at both ends, shape ``(s,)``.
    way
        Index of the way of each segment, ascending, shape ``(s,)``.
    way_id
        Id of each way.
    node_id
        Id of each junction, ascending.
    open
        Whether each segment may be driven in each direction, shape ``(s, 2)``.
    """

    u: NDArray[np.int32]
    v: NDArray[np.int32]
    way: NDArray[np.int64]
    way_id: NDArray[np.int64]
    node_id: NDArray[np.int64]
    open: NDArray[np.bool_]


class Finder:
    """Find the moves that restrictions forbid.

    Parameters
    ----------
    pieces
        The segments.
    """

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._tail = np.stack([pieces.u, pieces.v], axis=1).ravel()
        self._head = np.stack([pieces.v, pieces.u], axis=1).ravel()
        self._open = pieces.open.ravel()
        self._by_tail = np.argsort(self._tail, kind="stable")
        self._tails = self._tail[self._by_tail]
        self._number = {int(way): at for at, way in enumerate(pieces.way_id.tolist())}

    def turns(self, restriction: Restriction, when: Mapping[str, int]) -> list[Turn]:
        """Return the moves that a restriction forbids; none where it forbids what nobody can do.

        Parameters
        ----------
        restriction
            The restriction.
        when
            The index of each word for when.

        Raises
        ------
        ValueError
            If it cannot be followed on the segments.
        """
        found = []
        for path in self._paths(restriction):
            for what, hours in restriction.whens:
                if what == _NO:
                    found.append(_turn(path, when[hours]))
                elif not self._open[list(path)].all():
                    raise ValueError(restriction.number)
                else:
                    found.extend(_turn(word, when[hours]) for word in self._others(path))
        return found

    def _paths(self, restriction: Restriction) -> Iterator[tuple[Letter, ...]]:
        """Yield the ways by which a truck comes, goes by and leaves."""
        only = restriction.whens[0][0] == _ONLY
        for start in restriction.froms:
            for end in restriction.tos:
                if start not in self._number or (end not in self._number and not only):
                    continue  # no truck comes, or none could leave so
                if end not in self._number:
                    raise ValueError(restriction.number)
                if restriction.node:
                    yield from self._by_node(restriction, start, end)
                else:
                    yield self._by_ways(restriction, start, end)

    def _by_node(
        self, restriction: Restriction, start: int, end: int
    ) -> Iterator[tuple[Letter, ...]]:
        node = self._junction(restriction.node)
        coming = [letter for letter in self._letters(start) if self._head[letter] == node]
        going = [letter for letter in self._letters(end) if self._tail[letter] == node]
        if restriction.turns_round:
            yield from ((letter, letter ^ 1) for letter in coming)
        elif len(coming) == 1 and len(going) == 1:
            yield coming[0], going[0]
        else:
            raise ValueError(restriction.number)

    def _by_ways(self, restriction: Restriction, start: int, end: int) -> tuple[Letter, ...]:
        """Return the way over whole ways, from the end that the first shares with the start."""
        runs = [self._run(way) for way in restriction.ways]
        firsts = {int(self._tail[runs[0][0]]), int(self._head[runs[0][-1]])}
        coming = [letter for letter in self._letters(start) if int(self._head[letter]) in firsts]
        for letter in coming:
            path, node = [letter], int(self._head[letter])
            for run in runs:
                if self._tail[run[0]] != node:
                    run = [each ^ 1 for each in reversed(run)]  # noqa: PLW2901 - turned round
                if self._tail[run[0]] != node:
                    break
                path.extend(run)
                node = int(self._head[run[-1]])
            else:
                going = [each for each in self._letters(end) if self._tail[each] == node]
                if len(going) == 1:
                    return (*path, going[0])
        raise ValueError(restriction.number)

    def _others(self, path: tuple[Letter, ...]) -> Iterator[tuple[Letter, ...]]:
        """Yield every word that leaves a path elsewhere than it must."""
        for at in range(1, len(path)):
            node = self._head[path[at - 1]]
            low = np.searchsorted(self._tails, node)
            high = np.searchsorted(self._tails, node, side="right")
            for letter in self._by_tail[low:high].tolist():
                if letter != path[at] and self._open[letter]:
                    yield (*path[:at], letter)

    def _junction(self, node: int) -> int:
        at = int(np.searchsorted(self._pieces.node_id, node))
        if at == len(self._pieces.node_id) or self._pieces.node_id[at] != node:
            raise ValueError(node)
        return at

    def _run(self, way: int) -> list[Letter]:
        """Return the segments of a way, forwards, refused where pieces of it are missing."""
        if way not in self._number:
            raise ValueError(way)
        run = [letter for letter in self._letters(way) if letter % _SPLIT == 0]
        joined = all(self._head[a] == self._tail[b] for a, b in itertools.pairwise(run))
        if not run or not joined:
            raise ValueError(way)
        return run

    def _letters(self, way: int) -> list[Letter]:
        """Return the segments of a way in both directions."""
        number = self._number[way]
        low = int(np.searchsorted(self._pieces.way, number))
        high = int(np.searchsorted(self._pieces.way, number, side="right"))
        return list(range(2 * low, 2 * high))


def _turn(word: tuple[Letter, ...], when: int) -> Turn:
    return Turn(tuple(divmod(letter, 2) for letter in word), when)
