"""Draw the instances: trucks, lots and hourly port slots for one day in the Mekong delta.

Every lot is one truck load, and a truck carries one lot at a time. It drives to the lot, loads it
once the lot is ready, drives to one of the ports that take the lot and unloads there in a slot.

- Unloading *begins* within the slot, ``[start, end)``, and no later than the lot's hold time.
- A slot serves at most so many trucks as it has places.
- A chilled lot needs a reefer truck; a reefer truck carries anything.
- A truck starts at its place when its shift does, and its last unloading ends within the shift.
  It does as many lots as it can, and ends at the last port.

The cost in seconds is driving + 0.3 × waiting, and 86,400 for each lot that is left. Waiting is
every second between the start of a truck's shift and the end of its last unloading in which it
neither drives nor loads nor unloads. A truck that has no lot costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from infra.bench.assignment.places import PORTS, TOWNS
from infra.bench.assignment.ways import NO_WAY_S, crow

if TYPE_CHECKING:
    from infra.bench.assignment.ways import Drive

Ints = NDArray[np.int64]

PAYLOAD_KG = 10_000
"""What every truck carries, and every lot weighs."""
SERVICE_S = 1800
"""How long loading takes, and unloading too."""
WAIT_COST = 0.3
UNSERVED_COST = 86_400

_HOUR_S = 3600
_FIRST_SLOT_H, _LAST_SLOT_H = 6, 22
_PLACES_PER_LOT = 1.45
_CHILLED_SHARE, _REEFER_SHARE = 0.3, 0.4
_ANY_PORT_SHARE = 0.15
_NEAR_PORTS = 6
_SPREAD_DEG = 0.06
_REACHABLE_S = 8 * _HOUR_S


@dataclass(frozen=True, eq=False, kw_only=True)
class Instance:
    """One day's problem, in whole seconds from midnight.

    Attributes
    ----------
    name
        Its trucks × lots.
    places
        Latitudes and longitudes of the trucks, then the lots, then the ports, shape ``(p, 2)``.
    drive_s
        Driving between all places, shape ``(p, p)``.
    shift_start_s, shift_end_s, reefer
        Of each truck.
    ready_s, hold_s, chilled
        Of each lot: loading begins no sooner than ready, unloading no later than hold.
    takes
        Whether a port takes a lot, shape ``(lots, ports)``.
    slot_port, slot_start_s, slot_end_s, slot_places
        Of each slot: unloading begins in ``[start, end)``.
    """

    name: str
    places: NDArray[np.float64]
    drive_s: NDArray[np.int32]
    shift_start_s: Ints
    shift_end_s: Ints
    reefer: NDArray[np.bool_]
    ready_s: Ints
    hold_s: Ints
    chilled: NDArray[np.bool_]
    takes: NDArray[np.bool_]
    slot_port: Ints
    slot_start_s: Ints
    slot_end_s: Ints
    slot_places: Ints

    @property
    def trucks(self) -> int:
        """Count the trucks."""
        return len(self.shift_start_s)

    @property
    def lots(self) -> int:
        """Count the lots."""
        return len(self.ready_s)

    @property
    def ports(self) -> int:
        """Count the ports."""
        return int(self.takes.shape[1])

    @property
    def slots(self) -> int:
        """Count the slots."""
        return len(self.slot_port)

    @cached_property
    def start_to_lot_s(self) -> Ints:
        """Give the driving from trucks' starts to lots, shape ``(trucks, lots)``."""
        return self._block(0, self.trucks, self.trucks, self.lots)

    @cached_property
    def lot_to_port_s(self) -> Ints:
        """Give the driving from lots to ports, shape ``(lots, ports)``."""
        return self._block(self.trucks, self.lots, self.trucks + self.lots, self.ports)

    @cached_property
    def port_to_lot_s(self) -> Ints:
        """Give the driving from ports to lots, shape ``(ports, lots)``."""
        return self._block(self.trucks + self.lots, self.ports, self.trucks, self.lots)

    @cached_property
    def window_s(self) -> tuple[Ints, Ints]:
        """Give the first and last second at which a lot's loading may begin for a slot.

        A truck that would wait at the port waits at the farm, at the same cost. Where the last
        second is before the first, the slot is none for the lot. Shapes ``(lots, slots)``.
        """
        way_s = SERVICE_S + self.lot_to_port_s[:, self.slot_port]
        first = np.maximum(self.ready_s[:, None], self.slot_start_s - way_s)
        last = np.minimum(self.hold_s[:, None], self.slot_end_s - 1) - way_s
        barred = ~self.takes[:, self.slot_port] | (self.slot_places == 0)
        return first, np.where(barred, -1, last)

    def _block(self, row: int, rows: int, column: int, columns: int) -> Ints:
        return self.drive_s[row : row + rows, column : column + columns].astype(np.int64)


def draw(trucks: int, lots: int, *, seed: int, drive: Drive = crow) -> Instance:
    """Draw an instance.

    Parameters
    ----------
    trucks, lots
        How many.
    seed
        Where all its chance comes from.
    drive
        How long a truck drives.
    """
    rng = np.random.default_rng([seed, trucks, lots])
    ports = np.array([port[1:] for port in PORTS])
    near = _near(rng, trucks + lots, drive, ports)
    places = np.concatenate([near, ports])
    drive_s = drive(places)
    to_port_s = drive_s[trucks : trucks + lots, trucks + lots :]
    takes = _ports_of(rng, to_port_s)
    start_s = rng.integers(4 * 60, 8 * 60 + 1, trucks) * 60
    ready_s = rng.integers(5 * 60, 15 * 60 + 1, lots) * 60
    port, hour, slot_places = _slots(rng, takes)
    drawn = Instance(
        name=f"{trucks}x{lots}",
        places=places,
        drive_s=drive_s,
        shift_start_s=start_s,
        shift_end_s=start_s + rng.integers(12 * 60, 14 * 60 + 1, trucks) * 60,
        reefer=_some(rng, trucks, _REEFER_SHARE),
        ready_s=ready_s,
        hold_s=ready_s + rng.integers(5 * 60, 10 * 60 + 1, lots) * 60,
        chilled=_some(rng, lots, _CHILLED_SHARE),
        takes=takes,
        slot_port=port,
        slot_start_s=hour * _HOUR_S,
        slot_end_s=(hour + 1) * _HOUR_S,
        slot_places=slot_places,
    )
    return _with_ways_out(drawn)


def _with_ways_out(drawn: Instance) -> Instance:
    """Let the lots that no slot is open for go to any port, so that hardly one is hopeless."""
    first_s, last_s = drawn.window_s
    hopeless = np.all(last_s < first_s, axis=1, keepdims=True)
    takes = drawn.takes | (hopeless & (drawn.lot_to_port_s < _REACHABLE_S))
    return replace(drawn, takes=takes)


def _near(
    rng: np.random.Generator, count: int, drive: Drive, ports: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Draw places round the towns, pulled towards them where no road is near (at sea)."""
    towns = np.array([town[1:] for town in TOWNS])
    weights = rng.gamma(2.0, size=len(towns))
    town = rng.choice(len(towns), count, p=weights / weights.sum())
    offset = rng.normal(0.0, _SPREAD_DEG, (count, 2))
    places = np.empty((count, 2))
    for _ in range(4):
        places = np.round(towns[town] + offset, 5)
        lost = drive(np.concatenate([ports[:1], places]))[0, 1:] >= NO_WAY_S
        if not lost.any():
            break
        offset[lost] /= 4
    return places


def _ports_of(rng: np.random.Generator, to_port_s: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Draw which ports take each lot: one to four of the nearest, or any that is not too far."""
    lots, ports = to_port_s.shape
    takes = np.zeros((lots, ports), bool)
    order = np.argsort(to_port_s, axis=1, kind="stable")
    for lot in range(lots):
        if rng.random() < _ANY_PORT_SHARE:
            takes[lot] = to_port_s[lot] < _REACHABLE_S
        else:
            named = rng.choice(min(_NEAR_PORTS, ports), rng.integers(1, 5), replace=False)
            takes[lot, order[lot, named]] = True
    return takes


def _slots(rng: np.random.Generator, takes: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Draw the places of all hours of all ports: scarce and uneven, many where many want to go."""
    lots, ports = takes.shape
    hours = np.arange(_FIRST_SLOT_H, _LAST_SLOT_H)
    wanted = (takes / takes.sum(axis=1, keepdims=True)).sum(axis=0)
    weights = wanted[:, None] * rng.gamma(3.0, size=(ports, len(hours)))
    drawn = rng.multinomial(round(_PLACES_PER_LOT * lots), (weights / weights.sum()).ravel())
    port, hour = np.divmod(np.arange(ports * len(hours)), len(hours))
    return port, hours[hour], drawn


def _some(rng: np.random.Generator, count: int, share: float) -> NDArray[np.bool_]:
    chosen = np.zeros(count, bool)
    chosen[rng.permutation(count)[: round(share * count)]] = True
    return chosen
