"""Compile every hot loop once, so that what follows finds it on disk."""

from __future__ import annotations

import numpy as np

from routing.engine.compiled import NO_WAY, pack
from routing.engine.customise import recustomise
from routing.engine.delay import Delays, Profile, earliest
from routing.engine.parts import parts_of
from routing.engine.seeds import Seeds
from routing.engine.topology import Topology


def warm() -> None:
    """Ask every kind of question of a graph of three nodes.

    It takes half a minute where nothing has been compiled yet, and a moment where it has: numba
    keeps what it compiles beside the source, or in the user's own cache where that is not to be
    written.
    """
    tail, head = np.array([0, 1, 1, 2], np.int32), np.array([1, 0, 2, 1], np.int32)
    topology = Topology.build(3, tail, head, np.array([0, 2, 1], np.int32))
    parts_of(3, tail, head)
    metric = topology.customise(pack(np.full(4, 1000), np.full(4, 10)))
    shut = metric.changed(np.array([0], np.int32), np.array([NO_WAY]))
    recustomise(topology, metric.costs, np.array([0], np.int32), shut.up, shut.down, few=0)
    places = Seeds.at([0, 2])
    metric.table(places, places)
    metric.table_ms(places, places)
    metric.changed(np.array([0], np.int32), np.array([NO_WAY]))
    metric.reach(Seeds.at([0]))
    metric.path(0, 2)
    metric.time_ms(0, 2)
    for guided in (True, False):
        earliest(metric, 0, 2, 0, Delays.on(4, {0: Profile((0,), (5,))}), guided=guided)
