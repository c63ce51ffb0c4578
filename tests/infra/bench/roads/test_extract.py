"""Write large extracts, and measure a command."""

import sys
from pathlib import Path

import osmium

from infra.bench.roads.extract import write_extract
from infra.bench.roads.extract_bench import run_measured


def test_an_extract_is_sorted_whole_and_mostly_no_roads(tmp_path: Path) -> None:
    """It is what a reader of roads meets: in order, its references resolved, much to pass by."""
    path = tmp_path / "large.osm.pbf"
    written = write_extract(path, seed=1, tell=lambda _: None, least_bytes=400_000)
    assert written.bytes_written > 400_000
    keys, nodes, used, kinds = [], set(), set(), dict.fromkeys("nwr", 0)
    roads = buildings = restrictions = 0
    for thing in osmium.FileProcessor(str(path)):
        kind = thing.type_str()
        kinds[kind] += 1
        keys.append(("nwr".index(kind), thing.id))
        if isinstance(thing, osmium.osm.Node):
            nodes.add(thing.id)
        elif isinstance(thing, osmium.osm.Way):
            used.update(node.ref for node in thing.nodes)
            roads += "highway" in thing.tags
            buildings += "building" in thing.tags
        else:
            restrictions += thing.tags.get("type") == "restriction"
    assert keys == sorted(set(keys))
    assert used <= nodes
    assert len(nodes) > 2 * written.road_nodes
    assert roads == written.road_ways
    assert buildings == written.ways - written.road_ways > 0
    assert 0 < restrictions < written.relations
    assert kinds == {"n": written.nodes, "w": written.ways, "r": written.relations}


def test_the_same_seed_writes_the_same_extract(tmp_path: Path) -> None:
    """Two machines measure the same reading."""
    files = [tmp_path / f"{name}.osm.pbf" for name in "ab"]
    for file in files:
        write_extract(file, seed=3, tell=lambda _: None, least_bytes=100_000)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_measured_command_tells_its_own_memory_status_and_last_words() -> None:
    """The figure is the child's, not the test's, and a failure says why."""
    code = "import sys; held = bytearray(300_000_000); sys.exit('no roads here')"
    status, took_s, peak_bytes, said = run_measured([sys.executable, "-c", code])
    assert status == 1
    assert took_s > 0
    assert 300_000_000 < peak_bytes < 450_000_000
    assert said == "no roads here"


def test_what_the_measuring_process_holds_is_not_counted() -> None:
    """A large benchmark says of a small command that it is small."""
    held = bytearray(400_000_000)
    held[::4096] = bytes([1]) * len(held[::4096])
    _, _, peak_bytes, _ = run_measured([sys.executable, "-c", "pass"])
    assert peak_bytes < 100_000_000 < len(held)
