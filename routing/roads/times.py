"""Say how long each arc takes a class of vehicle, and how long each is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from routing.roads.vehicle import DEFAULT_VEHICLE_CLASS, vehicle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from routing.roads.network import RoadNetwork


def arc_speeds_kph(
    network: RoadNetwork, vehicle_class: str = DEFAULT_VEHICLE_CLASS
) -> NDArray[np.float64]:
    """Return the driving speed on every arc, km/h, shape ``(m,)``.

    The speed of the road's class, times the factors of its surface and of the vehicle, is held
    to the speed posted for its direction. Ferries sail at the speed of their class, whatever
    they carry.

    Raises
    ------
    RoadError
        If the vehicle class is unknown.
    """
    arrays, segment = network.arrays, network.arrays.arc_segment
    factor = arrays.surface_factor[arrays.seg_surface] * vehicle(vehicle_class).speed_factor
    factor[arrays.seg_ferry] = 1
    speed_kph = (arrays.class_speed_kph[arrays.seg_class] * factor)[segment]
    posted_kph = arrays.seg_cap_kph[segment, arrays.arc_backwards.astype(np.int8)]
    posted = (posted_kph > 0) & ~arrays.seg_ferry[segment]
    return np.minimum(speed_kph, np.where(posted, posted_kph, np.inf))


def arc_times_ms(
    network: RoadNetwork, vehicle_class: str = DEFAULT_VEHICLE_CLASS
) -> NDArray[np.int64]:
    """Return the travel time of every arc in whole milliseconds, shape ``(m,)``.

    Driving time is length over speed, rounded to a millisecond and at least one; a border's
    delay is added; a ferry whose crossing time is known takes just that.

    Raises
    ------
    RoadError
        If the vehicle class is unknown.
    """
    arrays, segment = network.arrays, network.arrays.arc_segment
    speed_m_per_s = arc_speeds_kph(network, vehicle_class) / 3.6
    driving_ms = np.rint(1000 * arrays.seg_length_m[segment] / speed_m_per_s).astype(np.int64)
    fixed_ms = arrays.seg_fixed_ms[segment]
    crossing = arrays.seg_ferry[segment] & (fixed_ms > 0)
    return np.where(crossing, fixed_ms, np.maximum(1, driving_ms) + fixed_ms)


def arc_lengths_dm(network: RoadNetwork) -> NDArray[np.int32]:
    """Return the length of every arc in whole decimetres, shape ``(m,)``."""
    length_dm = np.rint(10 * network.arrays.seg_length_m).astype(np.int32)
    return np.asarray(length_dm[network.arrays.arc_segment])
