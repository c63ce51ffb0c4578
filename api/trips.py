"""Remember which trucks and lots somebody's trips name."""

from __future__ import annotations

from collections import Counter
from typing import Any

from schemas.assignment import ACTIVE


class Trips:
    """The trips that are somebody's own, or pass their checkpoint.

    A truck is theirs to see while the trip is under way, a lot until the trip is forgotten; of an
    offer that was declined, ran out or was called off, neither.
    """

    def __init__(self) -> None:
        self._of: dict[str, tuple[str, str]] = {}
        self._trucks: Counter[str] = Counter()
        self._lots: Counter[str] = Counter()

    def put(self, assignment_id: str, doc: dict[str, Any]) -> None:
        """Remember a trip as it is now.

        Parameters
        ----------
        assignment_id, doc
            Its id and state.
        """
        self.drop(assignment_id)
        status = doc.get("status")
        truck_id = str(doc.get("truck_id")) if status in ACTIVE else ""
        lot_id = str(doc.get("lot_id")) if truck_id or status == "delivered" else ""
        self._of[assignment_id] = truck_id, lot_id
        self._trucks[truck_id] += 1
        self._lots[lot_id] += 1

    def drop(self, assignment_id: str) -> None:
        """Forget a trip."""
        truck_id, lot_id = self._of.pop(assignment_id, ("", ""))
        self._trucks[truck_id] -= 1
        self._lots[lot_id] -= 1

    def name_truck(self, truck_id: str | None) -> bool:
        """Tell whether a trip under way is this truck's."""
        return bool(truck_id) and self._trucks[str(truck_id)] > 0

    def name_lot(self, lot_id: str) -> bool:
        """Tell whether a trip, under way or over, is with this lot."""
        return bool(lot_id) and self._lots[lot_id] > 0
