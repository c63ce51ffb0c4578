"""Write a road network to its folder, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from routing.roads.errors import RoadError
from routing.roads.geojson import write_geojson
from routing.roads.metric import prepare_topology
from routing.roads.network import (
    ARRAYS_FILE,
    FORMAT,
    GEOJSON_FILE,
    GRAPHML_FILE,
    INFO_FILE,
    TOPOLOGY_FILE,
    Arrays,
    NetworkInfo,
    RoadNetwork,
)

if TYPE_CHECKING:
    from datetime import datetime

GRAPHML_UP_TO_NODES = 20_000
"""A larger network is written as GraphML only when it is exported: it takes minutes."""

_OWN_FILES = {ARRAYS_FILE, INFO_FILE, GRAPHML_FILE, GEOJSON_FILE, TOPOLOGY_FILE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where roads come from.

    Parameters
    ----------
    source, attribution, licence
        What was read, whom to name, and on which terms.
    bounds
        West, south, east, north, degrees.
    timezone
        IANA name of the time in which the hours of rules are written.
    turn_restrictions
        Restrictions of moves at junctions that were read.
    """

    source: str
    attribution: str
    licence: str
    bounds: tuple[float, float, float, float]
    timezone: str
    turn_restrictions: int = 0


def write_network(out: Path, arrays: Arrays, origin: Origin, *, built_at: datetime) -> NetworkInfo:
    """Write a network beside its folder, then put it in place.

    Parameters
    ----------
    out
        The folder; an earlier network in it stays until the new one is whole.
    arrays
        The network.
    origin
        Where it comes from.
    built_at
        Time to write into it.

    Raises
    ------
    RoadError
        If the folder holds something other than a network, or cannot be written.
    """
    out = Path(out).absolute()
    _check_replaceable(out)
    info = describe(arrays, origin, built_at=built_at)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.draft-", dir=out.parent))
    except OSError as error:
        raise RoadError(f"cannot write roads beside {out}: {error}") from error
    try:
        np.savez(draft / ARRAYS_FILE, allow_pickle=False, **arrays.named())
        prepare_topology(arrays, draft / TOPOLOGY_FILE, earlier=out / TOPOLOGY_FILE)
        network = RoadNetwork(info, arrays)
        if network.nodes <= GRAPHML_UP_TO_NODES:
            # osmnx takes a second to import and only builds of small networks need it.
            from routing.roads.graphml import save_graphml  # noqa: PLC0415

            save_graphml(network, draft / GRAPHML_FILE)
        write_geojson(network, draft / GEOJSON_FILE)
        text = json.dumps(info.as_dict(), ensure_ascii=False, indent=2)
        (draft / INFO_FILE).write_text(text + "\n", encoding="utf-8")
        draft.chmod(0o755)
        _put_in_place(draft, out)
    except OSError as error:
        raise RoadError(f"cannot write roads to {out}: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return info


def describe(arrays: Arrays, origin: Origin, *, built_at: datetime) -> NetworkInfo:
    """Count and hash a network's arrays."""
    land = ~arrays.seg_ferry
    return NetworkInfo(
        source=origin.source,
        attribution=origin.attribution,
        licence=origin.licence,
        nodes=len(arrays.node_id),
        edges=len(arrays.arc_u),
        segments=len(arrays.seg_length_m),
        inferred_segments=int(arrays.seg_inferred.sum()),
        ferries=int(arrays.seg_ferry.sum()),
        length_km=round(float(arrays.seg_length_m[land].sum()) / 1000, 1),
        bounds=origin.bounds,
        content_hash=content_hash(arrays),
        built_at=built_at.isoformat(timespec="seconds"),
        timezone=origin.timezone,
        junctions=int((arrays.node_junction == np.arange(len(arrays.node_id))).sum()),
        rules=len(arrays.rule_arc),
        turn_restrictions=origin.turn_restrictions,
        format=FORMAT,
    )


def content_hash(arrays: Arrays) -> str:
    """Return the SHA-256 over names, types, shapes and bytes of the arrays, as hex."""
    digest = hashlib.sha256()
    for name, array in arrays.named().items():
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _check_replaceable(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise RoadError(f"{out} is not a folder; name a new one with --out")
    if out.is_dir() and {path.name for path in out.iterdir()} - _OWN_FILES:
        raise RoadError(f"{out} holds other files than a road network; name a new one with --out")


def _put_in_place(draft: Path, out: Path) -> None:
    if not out.exists():
        draft.rename(out)
        return
    previous = Path(tempfile.mkdtemp(prefix=f".{out.name}.previous-", dir=out.parent))
    out.replace(previous)
    try:
        draft.rename(out)
    except OSError:
        previous.rename(out)
        raise
    shutil.rmtree(previous, ignore_errors=True)
