"""Insert consignments into a plan where waiting would be regretted most (regret-2).

In each step every open lot knows its cheapest truck and slot, what the next best other truck would
cost, and what another slot would. The lot that would lose most by waiting goes first; a slot counts
the more, the fewer places it has left. A lot larger than a truck is inserted again with the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from routing.dispatch.board import Board, Floats, Lane
    from routing.dispatch.options import Options

    Blind = Callable[[tuple[int, ...]], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Placement:
    """One consignment put on one truck into one slot; numbers are places in the problem."""

    lot: int
    truck: int
    slot: int
    lane: Lane
    lane_number: int
    quantity_kg: int
    open_before_kg: int
    cost: float
    forced: bool = False


@dataclass(slots=True)
class Ledger:
    """What a growing plan has used up."""

    free: NDArray[np.int64]
    used: NDArray[np.bool_]
    open_kg: list[int]
    placements: list[Placement] = field(default_factory=list)

    @classmethod
    def of(cls, board: Board) -> Ledger:
        """Return the ledger of an empty plan."""
        used = np.zeros(len(board.problem.trucks), bool)
        return cls(board.free.copy(), used, [lot.quantity_kg for lot in board.problem.lots])

    def add(self, placement: Placement) -> None:
        """Book a placement."""
        self.free[placement.slot] -= 1
        self.used[placement.truck] = True
        self.open_kg[placement.lot] -= placement.quantity_kg
        self.placements.append(placement)

    def drop(self, placement: Placement) -> None:
        """Undo a placement."""
        self.free[placement.slot] += 1
        self.used[placement.truck] = False
        self.open_kg[placement.lot] += placement.quantity_kg
        self.placements.remove(placement)


def consignments(
    board: Board, open_kg: int, able: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Floats]:
    """Return what each truck would carry of an open quantity, and what that adds to its cost.

    A truck takes all it can, but leaves no rest that is too small for another truck if it can
    help it. The cost counts unused payload, and a guess at the further trips that a rest needs.

    Parameters
    ----------
    board
        The problem as arrays.
    open_kg
        Kilograms still to be carried.
    able
        The trucks that may carry the lot at all.
    """
    params, payload = board.params, board.payload_kg
    least = max(params.min_consignment_kg, 1)
    takes = np.minimum(open_kg, payload)
    rest = open_kg - takes
    short = (rest > 0) & (rest < least) & (open_kg - least >= least)
    takes = np.where(short, open_kg - least, takes)
    rest = open_kg - takes
    largest = max(int(payload[able].max(initial=1)), 1)
    cost = params.spare_cost_per_kg * (payload - takes) + params.split_cost * -(-rest // largest)
    return takes, np.where(able & (takes >= least), cost, np.inf)


class Insertion:
    """The state of inserting a block of lots: L lots × T trucks."""

    def __init__(self, board: Board, ledger: Ledger, options: Sequence[Options]) -> None:
        self.board = board
        self.ledger = ledger
        self.options = options
        self.row_of = {option.lot: row for row, option in enumerate(options)}
        shape = (len(options), len(board.problem.trucks))
        self.best = np.full(shape, np.inf)
        self.best_slot = np.full(shape, -1, np.int64)
        self.other = np.full(shape, np.inf)
        self.other_slot = np.full(shape, -1, np.int64)
        self.extra = np.full(shape, np.inf)
        self.takes = np.zeros(shape, np.int64)

    def refresh(self, row: int, trucks: NDArray[np.int64] | None = None) -> None:
        """Find the best and second best slot anew, of a lot's free trucks or of some."""
        option = self.options[row]
        if trucks is None:
            trucks = np.flatnonzero(~self.ledger.used & option.able)
            self.best[row] = self.other[row] = np.inf
        if not len(option.slots) or not len(trucks):
            return
        costs = option.base[trucks]
        costs[:, self.ledger.free[option.slots] <= 0] = np.inf
        line = np.arange(len(trucks))
        for value, slot in ((self.best, self.best_slot), (self.other, self.other_slot)):
            column = costs.argmin(axis=1)
            value[row, trucks] = costs[line, column]
            slot[row, trucks] = option.slots[column]
            costs[line, column] = np.inf

    def measure(self, row: int) -> None:
        """Find anew what each truck would take of a lot."""
        option = self.options[row]
        open_kg = self.ledger.open_kg[option.lot]
        self.takes[row], self.extra[row] = consignments(self.board, open_kg, option.able)

    def fill(self, rows: Sequence[int], *, blind: Blind | None = None) -> None:
        """Insert as many consignments of these lots as fit.

        Parameters
        ----------
        rows
            The lots, by their rows.
        blind
            Draws what is overlooked at times, so that a search sees other plans.
        """
        for row in rows:
            self.refresh(row)
            self.measure(row)
        block = np.array(rows, int)
        while len(block) and len(self.ledger.used):
            chosen = self._most_regretted(block, blind) if blind else None
            chosen = chosen or self._most_regretted(block, None)
            if chosen is None:
                return
            self._place(*chosen, block)

    def _most_regretted(
        self, block: NDArray[np.int64], blind: Blind | None
    ) -> tuple[int, int] | None:
        cost = self.best[block] + self.extra[block]
        cost[:, self.ledger.used] = np.inf
        if blind is not None:
            cost[blind(cost.shape)] = np.inf
        line = np.arange(len(block))
        truck = cost.argmin(axis=1)
        least = cost[line, truck]
        live = np.flatnonzero(np.isfinite(least))
        if not len(live):
            return None
        rows, truck, least, cost = block[live], truck[live], least[live], cost[live]
        known = cost.copy()
        cost[np.arange(len(live)), truck] = np.inf
        weight = np.array([self._weight(row) for row in rows])
        truck_loss = np.minimum(cost.min(axis=1) - least, weight)
        slot_loss = self.other[rows, truck] - self.best[rows, truck]
        places = self.ledger.free[self.best_slot[rows, truck]]
        priority = np.array([self._priority(row) for row in rows])
        regret = priority * (truck_loss + np.minimum(slot_loss, weight) / places)
        first = int(np.lexsort((rows, least, -regret))[0])
        row = int(rows[first])
        return row, int((known[first] + self._loss(row, known[first])).argmin())

    def _loss(self, row: int, cost: Floats) -> Floats:
        """Return what each truck's choice costs in goods that then nobody can carry.

        Where trucks or places in slots are short for a lot, the largest of its trucks are the
        ones to take.
        """
        option, loss = self.options[row], np.zeros(len(cost))
        open_kg = self.ledger.open_kg[option.lot]
        trucks = np.flatnonzero(np.isfinite(cost))
        usable = np.isfinite(option.base[trucks]).any(axis=0)
        places = min(int(self.ledger.free[option.slots[usable]].clip(0).sum()), len(trucks))
        payload = self.board.payload_kg[trucks]
        largest = np.sort(payload)[::-1][:places]
        least_kg = int(largest[-1]) if places else 0
        others_kg = int(largest.sum()) - np.maximum(payload, least_kg)
        lost_kg = np.maximum(open_kg - self.takes[row, trucks] - others_kg, 0)
        loss[trucks] = self.board.params.unserved_cost_per_kg * lost_kg
        return loss

    def _priority(self, row: int) -> int:
        return 1 + self.board.problem.lots[self.options[row].lot].priority

    def _weight(self, row: int) -> float:
        params = self.board.params
        open_kg = self.ledger.open_kg[self.options[row].lot]
        return params.unserved_cost + params.unserved_cost_per_kg * open_kg

    def _place(self, row: int, truck: int, block: NDArray[np.int64]) -> None:
        option, params = self.options[row], self.board.params
        slot, takes = int(self.best_slot[row, truck]), int(self.takes[row, truck])
        column = int(np.flatnonzero(option.slots == slot)[0])
        number = int(option.lane[truck, column])
        spare_kg = int(self.board.payload_kg[truck]) - takes
        self.ledger.add(
            Placement(
                lot=option.lot,
                truck=truck,
                slot=slot,
                lane=option.lanes[number],
                lane_number=number,
                quantity_kg=takes,
                open_before_kg=self.ledger.open_kg[option.lot],
                cost=float(self.best[row, truck]) + params.spare_cost_per_kg * spare_kg,
            )
        )
        self.measure(row)
        if self.ledger.free[slot] > 0:
            return
        for other in block:
            hit = (self.best_slot[other] == slot) | (self.other_slot[other] == slot)
            trucks = np.flatnonzero(hit & ~self.ledger.used & self.options[other].able)
            if len(trucks):
                self.refresh(int(other), trucks)

    def objective(self) -> float:
        """Return the cost of all trips, and of what is left of this block's lots."""
        trips = sum(placement.cost for placement in self.ledger.placements)
        left = (
            self._priority(row) * self._weight(row)
            for row, option in enumerate(self.options)
            if self.ledger.open_kg[option.lot] > 0
        )
        return trips + sum(left)
