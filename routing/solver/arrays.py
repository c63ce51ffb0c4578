"""Hold a model as compiled code takes it: few arrays, with one column for each fact.

Column numbers stand here and nowhere else; `draft` fills the arrays, `kernels` read them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

# vehicles, whole numbers
V_START, V_END, V_PROFILE, V_OPEN, V_CLOSE = 0, 1, 2, 3, 4
V_DRIVE_LIMIT, V_SECOND_LIMIT, V_STOP_LIMIT = 5, 6, 7
V_BREAK_AFTER, V_BREAK_LENGTH, V_SINCE = 8, 9, 10
V_REAR, V_GROUP, V_KIND, V_BREAKS, V_BREAKS_END = 11, 12, 13, 14, 15
V_COLUMNS = 16
# vehicles, prices
V_FIXED, V_DRIVE_COST, V_SECOND_COST, V_WAIT_COST = 0, 1, 2, 3
# requests
R_JOB, R_OPTIONS, R_OPTIONS_END, R_LOT, R_KEPT, R_WORK = 0, 1, 2, 3, 4, 5
R_UNSERVED, R_CHURN, R_SPARE, R_CHEAPEST = 0, 1, 2, 3
# options
O_FIRST, O_SECOND, O_MASK = 0, 1, 2
# stops, whole numbers
N_REQUEST, N_OPTION, N_PART, N_PLACE, N_SERVICE, N_SETUP = 0, 1, 2, 3, 4, 5
N_WINDOWS, N_WINDOWS_END, N_EARLIEST, N_LATEST = 6, 7, 8, 9
N_FACILITY, N_SLOT, N_VIA, N_VIA_SERVICE, N_RELIEF = 10, 11, 12, 13, 14
N_HOURS, N_HOURS_END, N_LATE_FROM, N_RISK_FROM = 15, 16, 17, 18
N_COLUMNS = 19
# stops, prices
N_COST, N_LATE_COST, N_RISK_COST = 0, 1, 2
# lots
L_UNSERVED, L_UNIT, L_SPLIT = 0, 1, 2
# facilities
F_SLOTS, F_SLOTS_END, F_BAYS = 0, 1, 2
# slots
S_START, S_LAST, S_CAPACITY, S_ID = 0, 1, 2, 3


class Arrays(NamedTuple):
    """A model; V vehicles, R requests, O options, N stops, S slots, K dimensions.

    `time` and `time_to` are profiles × places × places (the second from destinations to origins),
    seconds, `NO_WAY` where there is none; `second` likewise, or 0 × 0 × 0. A number that is
    missing is -1.
    """

    time: NDArray[np.int32]
    time_to: NDArray[np.int32]
    second: Floats
    vehicle: Ints
    vehicle_price: Floats
    capacity: Ints
    """V × K."""
    breaks: Ints
    """First, last, length."""
    request: Ints
    request_price: Floats
    amount: Ints
    """R × K."""
    picked: Ints
    """R × K."""
    allowed: Flags
    """R × V."""
    reach: Ints
    """Profiles × R: the least driving between its stops, -1 where options differ in their first."""
    option: Ints
    mask: Flags
    """Sets of vehicles, × V."""
    stop: Ints
    stop_price: Floats
    window: Ints
    """Start, end."""
    hours: Ints
    """Start, end."""
    lot: Ints
    """Lots × K: their quantities."""
    lot_least: Ints
    lot_price: Floats
    facility: Ints
    slot: Ints
    quota: Ints
    """S × groups, -1 where there is none; 0 × 0 without quotas."""
    flags: Ints
    """Whether only clock and capacity matter (`plain`); are there jobs; are there bonuses."""
