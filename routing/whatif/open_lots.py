"""Tell which goods that no truck has yet could be delivered later, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS
from routing.whatif.outcome import Becomes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.dispatch import Slot
    from routing.travel import RoadTravel
    from routing.whatif.scene import Scene
    from routing.whatif.world import KnownLot

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OpenFate:
    """What becomes of open goods, and how much later their earliest delivery is, seconds."""

    becomes: Becomes
    delay_s: float


def hit_open(scene: Scene) -> dict[str, OpenFate]:
    """Return what becomes of the open lots that are hit, by lot.

    A lot is judged alone: by the earliest delivery that a `DEFAULT_VEHICLE_CLASS` truck, loaded
    there once the lot is ready, could make to any free place.

    Parameters
    ----------
    scene
        The measure, the roads and the free places.
    """
    lots = [
        known
        for _, known in sorted(scene.world.lots.items())
        if known.open_kg > 0 and known.lot.hold_until > scene.world.now
    ]
    if not lots or not scene.world.facilities:
        return {}
    judge = _Judge(scene, lots)
    before_s, drive_s = judge.earliest(scene.free, judge.done_s, scene.all_slots)
    around_s, _ = judge.earliest(scene.around, judge.done_s, scene.slots)
    waited_s = np.full(len(lots), np.inf)
    if scene.closure is not None and scene.measure.valid_until is not None:
        over_s = scene.seconds(scene.measure.valid_until)
        waited_s = judge.earliest(scene.free, np.maximum(judge.done_s, over_s), scene.slots)[0]
    return dict(_fates(scene, judge, before_s, drive_s, around_s, waited_s))


def _fates(
    scene: Scene,
    judge: _Judge,
    before_s: Floats,
    drive_s: Floats,
    around_s: Floats,
    waited_s: Floats,
) -> Iterator[tuple[str, OpenFate]]:
    for at, known in enumerate(judge.lots):
        after_s = min(around_s[at], waited_s[at])
        if not np.isfinite(before_s[at]) or after_s <= before_s[at]:
            continue
        if scene.closure is not None:
            start = scene.world.now + timedelta(seconds=float(judge.done_s[at]))
            if not scene.closure.in_force(start, start + timedelta(seconds=float(drive_s[at]))):
                continue
        delay_s = float(after_s - before_s[at])
        if not np.isfinite(delay_s):
            yield known.lot.lot_id, OpenFate("lost", 0.0)
        elif scene.closure is None:
            yield known.lot.lot_id, OpenFate("other_slot", delay_s)
        else:
            is_round = around_s[at] <= waited_s[at]
            yield known.lot.lot_id, OpenFate("detour" if is_round else "wait", delay_s)


class _Judge:
    """Find the earliest deliveries of some lots.

    Parameters
    ----------
    scene
        The measure, the roads and the free places.
    lots
        The lots.
    """

    def __init__(self, scene: Scene, lots: list[KnownLot]) -> None:
        self.scene = scene
        self.lots = lots
        self.facilities = list(scene.world.facilities.values())
        params = scene.params
        self.done_s = np.array(
            [
                max(0, scene.seconds(known.lot.ready_from)) + params.load_of(known.lot.product)
                for known in lots
            ],
            float,
        )
        self.latest_s = np.array(
            [scene.seconds(known.lot.hold_until) - params.margin_s for known in lots], float
        )
        self.takes = np.array(
            [
                [
                    (not known.lot.destinations or one.facility_id in known.lot.destinations)
                    and (not one.products or known.lot.product in one.products)
                    for one in self.facilities
                ]
                for known in lots
            ],
            bool,
        )

    def earliest(
        self, travel: RoadTravel, start_s: Floats, slots: Mapping[str, tuple[Slot, ...]]
    ) -> tuple[Floats, Floats]:
        """Return when each lot may be delivered first, `inf` for never, and the time of that way.

        Parameters
        ----------
        travel
            The roads.
        start_s
            When each lot leaves its pickup, seconds from now.
        slots
            The open slots of each facility.
        """
        pickups = [known.lot.pickup for known in self.lots]
        ends = [facility.position for facility in self.facilities]
        params = self.scene.params
        drive_s = travel.duration_s(DEFAULT_VEHICLE_CLASS, pickups, ends)
        breaks = np.maximum(0, np.ceil(drive_s / params.drive_s) - 1)
        taken_s = np.where(np.isfinite(drive_s), drive_s + breaks * params.break_s, np.inf)
        arrival_s = start_s[:, None] + taken_s
        arrival_s[~self.takes] = np.inf
        entered_s = np.full(arrival_s.shape, np.inf)
        for column, facility in enumerate(self.facilities):
            open_slots = slots.get(facility.facility_id, ())
            entered_s[:, column] = self._entered(arrival_s[:, column], open_slots)
        best = entered_s.argmin(axis=1)
        rows = np.arange(len(self.lots))
        return entered_s[rows, best], np.where(
            np.isfinite(entered_s[rows, best]), taken_s[rows, best], 0.0
        )

    def _entered(self, arrival_s: Floats, slots: tuple[Slot, ...]) -> Floats:
        """Return when trucks that arrive then may enter first, by the rules of dispatch."""
        scene = self.scene
        free = [slot for slot in slots if scene.world.slots[slot.slot_id].slot.free > 0]
        if not free:
            return np.full(len(arrival_s), np.inf)
        opens_s = np.array([scene.seconds(slot.window_start) for slot in free], float)
        ends_s = np.array([scene.seconds(slot.window_end) for slot in free], float)
        last_s = np.maximum(opens_s, ends_s - scene.params.margin_s)
        eta_s = np.maximum(arrival_s[:, None], opens_s[None, :])
        fits = (eta_s <= last_s) & (eta_s < ends_s) & (eta_s <= self.latest_s[:, None])
        return np.asarray(np.where(fits, eta_s, np.inf).min(axis=1))
