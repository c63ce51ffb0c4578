"""Answer fastest ways exactly and fast: a customisable contraction hierarchy over plain arrays.

The engine knows nodes, arcs and their cost; roads, vehicles and closures are the business of
`routing.roads`. It follows Dibbelt, Strasser and Wagner, "Customizable Contraction Hierarchies"
(ACM JEA 21, 2016): an order that depends on no cost, a chordal supergraph of it, a customisation
that gives its arcs their cost, and queries along the elimination tree.
"""

from routing.engine.compiled import INF_MS, NO_WAY, pack
from routing.engine.delay import Delays, Profile
from routing.engine.metric import Metric
from routing.engine.order import node_order
from routing.engine.parts import parts_of
from routing.engine.seeds import Seeds
from routing.engine.topology import Topology

__all__ = [
    "INF_MS",
    "NO_WAY",
    "Delays",
    "Metric",
    "Profile",
    "Seeds",
    "Topology",
    "node_order",
    "pack",
    "parts_of",
]
