"""Judge what happens at checkpoints, and meter who comes: pure, without a clock."""

from routing.checkpoints.arrivals import Approach, Bin, Eta, EtaParams, bins, etas, fitted
from routing.checkpoints.clocks import Skew, clock_flags, clock_skews
from routing.checkpoints.delay import delay_profile
from routing.checkpoints.estimate import Estimate, Figure, estimate
from routing.checkpoints.metering import (
    Hold,
    MeterParams,
    MeterPlace,
    MeterPlan,
    MeterTrip,
    meter,
)
from routing.checkpoints.params import CheckpointParams
from routing.checkpoints.scans import (
    CheckpointScan,
    ScanFlag,
    ScanParams,
    duplicate_scans,
    impossible_travel,
)
from routing.checkpoints.sentence import sentence
from routing.checkpoints.visits import Passage, Visit, passages

__all__ = [
    "Approach",
    "Bin",
    "CheckpointParams",
    "CheckpointScan",
    "Estimate",
    "Eta",
    "EtaParams",
    "Figure",
    "Hold",
    "MeterParams",
    "MeterPlace",
    "MeterPlan",
    "MeterTrip",
    "Passage",
    "ScanFlag",
    "ScanParams",
    "Skew",
    "Visit",
    "bins",
    "clock_flags",
    "clock_skews",
    "delay_profile",
    "duplicate_scans",
    "estimate",
    "etas",
    "fitted",
    "impossible_travel",
    "meter",
    "passages",
    "sentence",
]
