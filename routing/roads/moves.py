"""Tell from the roads just driven which moves are forbidden next.

Forbidden moves are words over the letters (segment, direction). An automaton that finds many
words at once (Aho and Corasick 1975, doi:10.1145/360825.360855) reads a truck's way letter by
letter; its states are the beginnings of words, and those with the same future are one (Moore's
partition refinement).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from routing.roads.draft import Turn

NOTHING = 0
"""The state in which no forbidden move has begun."""


@dataclass(frozen=True, slots=True)
class Move:
    """What follows when a truck drives onto a segment.

    Parameters
    ----------
    state
        What is known of the roads it drove, from then on.
    forbidden
        Whether it may never do so.
    when
        Indices into the draft's ``when``: it may not while one of them holds.
    """

    state: int = NOTHING
    forbidden: bool = False
    when: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Moves:
    """What may follow what, by state.

    Parameters
    ----------
    first
        The state after each letter from `NOTHING`, where it is another.
    special
        Of each state, the letters that do not lead where they lead from `NOTHING`.
    """

    first: dict[int, int]
    special: tuple[dict[int, Move], ...]

    def after(self, state: int, letter: int) -> Move:
        """Return what follows when a truck drives onto a segment.

        Parameters
        ----------
        state
            What is known of the roads it drove.
        letter
            Twice the segment, plus its direction.
        """
        return self.special[state].get(letter) or Move(self.first.get(letter, NOTHING))


@dataclass(slots=True)
class _Tree:
    """The words' beginnings: `NOTHING`, then each one letter longer than another.

    Parameters
    ----------
    children
        The beginnings one letter longer, by that letter.
    ends
        When the words that end here are forbidden.
    leads
        Where letters lead that lead elsewhere than from `NOTHING`, filled in by `link`.
    """

    children: list[dict[int, int]] = field(default_factory=lambda: [{}])
    ends: list[set[int]] = field(default_factory=lambda: [set()])
    leads: list[dict[int, int]] = field(default_factory=lambda: [{}])

    def add(self, word: Sequence[int], when: int) -> None:
        """Add a forbidden word."""
        at = NOTHING
        for letter in word:
            if letter not in self.children[at]:
                self.children[at][letter] = len(self.children)
                self.children.append({})
                self.ends.append(set())
                self.leads.append({})
            at = self.children[at][letter]
        self.ends[at].add(when)

    def link(self) -> None:
        """Let each beginning know of those that its own end begins anew."""
        queue = deque((child, NOTHING) for child in self.children[NOTHING].values())
        while queue:
            at, shorter = queue.popleft()
            self.ends[at] |= self.ends[shorter]
            for letter, child in self.children[at].items():
                queue.append((child, self.lead(shorter, letter)))
            self.leads[at] = self.leads[shorter] | self.children[at]

    def lead(self, at: int, letter: int) -> int:
        """Return where a letter leads."""
        return self.leads[at].get(letter, self.children[NOTHING].get(letter, NOTHING))


def moves(turns: Iterable[Turn]) -> Moves:
    """Return the moves that remain where some are forbidden.

    Parameters
    ----------
    turns
        The forbidden ones.
    """
    tree = _Tree()
    for turn in turns:
        tree.add([2 * segment + direction for segment, direction in turn.path], turn.when)
    tree.link()
    state = [NOTHING] * len(tree.children)
    count, found = 0, 1
    while found > count:
        count = found
        futures = [_future(tree, state, at) for at in range(len(state))]
        number = {future: i for i, future in enumerate(dict.fromkeys(futures))}
        found, state = len(number), [number[future] for future in futures]
    first = {letter: state[child] for letter, child in tree.children[NOTHING].items()}
    special = {state[at]: dict(_future(tree, state, at)) for at in range(len(state))}
    return Moves(
        {letter: after for letter, after in first.items() if after != NOTHING},
        tuple(special[each] for each in range(found)),
    )


def _future(tree: _Tree, state: list[int], at: int) -> frozenset[tuple[int, Move]]:
    """Return what follows each letter that does not do what it does from `NOTHING`."""
    special = []
    for letter, to in tree.leads[at].items():
        ends = tree.ends[to]
        plain = Move(state[tree.lead(NOTHING, letter)])
        move = Move(forbidden=True) if 0 in ends else Move(state[to], when=tuple(sorted(ends)))
        if move != plain:
            special.append((letter, move))
    return frozenset(special)
