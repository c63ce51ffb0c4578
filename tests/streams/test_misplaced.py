"""Put a good event into another partition than its key's, as foreign clients may."""

import pytest

from schemas.envelope import Record, encode, validate
from schemas.topics import CATALOGUE
from streams.shell import home_of
from tests.streams.town import Town

POSITION = "truck.position.v1"


def position(town: Town, lon: float) -> Record:
    """Say where the truck T0 is."""
    fact = validate(
        CATALOGUE[POSITION],
        "truck.position_reported",
        {"truck_id": "T0", "lat": 10.0, "lon": lon},
    )
    return encode(
        POSITION,
        "truck.position_reported",
        fact,
        event_id=f"lon{lon}",
        source="/foreign",
        time=town.now,
    )


def test_an_event_in_a_foreign_partition_is_dead_and_its_truck_stays_whole() -> None:
    """Each truck has one state, in one partition, whoever writes about it where."""
    town = Town()
    town.furnish()
    town.run(minutes=1)
    home = home_of(POSITION, b"T0")
    for partition in range(CATALOGUE[POSITION].partitions):
        town.put(position(town, 105.0 + partition / 10), partition)
    town.run(minutes=15)
    assert [why.split(":")[0] for why in town.dead()] == ["misplaced"] * 3
    assert town.states("truck")["T0"]["position"]["lon"] == 105.0 + home / 10
    assert sum("T0" in rows for rows in town.tables["truck"].rows.values()) == 1


@pytest.mark.parametrize(
    ("key", "partition"), [(b"truck-001", 3), (b"21", 0), (b"foobar", 2), (b"abc", 3)]
)
def test_keys_have_the_homes_that_kafka_gives_them(key: bytes, partition: int) -> None:
    """The numbers are those of Kafka's own default partitioner (murmur2)."""
    assert home_of(POSITION, key) == partition
