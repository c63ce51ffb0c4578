"""Draw what a benchmark of the API asks: events as gateways and desks report them, and reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import quote

import orjson

from infra.bench.api.connection import request
from schemas.model import format_time

SOURCE = "/bench/api"
TRUCKS, LOTS = 1_000, 2_000
OPEN_LOTS = 100
"""Of the lots, those that are not withdrawn; the others are only read."""
CHECKPOINTS = 20
PAGE = 20
_SINGLE = {"content-type": "application/cloudevents+json"}
_BATCH = {"content-type": "application/cloudevents-batch+json"}


def truck_id(number: int) -> str:
    """Name a truck of `infra.bench.streams.fleet`."""
    return f"T{number % TRUCKS:04d}"


def lot_id(number: int) -> str:
    """Name a lot of `infra.bench.streams.fleet`."""
    return f"B{number % LOTS:04d}"


class Reports:
    """Draw events: of a hundred, 94 positions, 4 clearances, 1 lot changed and 1 truck's status.

    Parameters
    ----------
    seed
        Where chance comes from.
    part
        Which part of the benchmark they belong to; it is in their ids.
    """

    def __init__(self, seed: int, part: str) -> None:
        self._chance = Random(f"{seed}/{part}")
        self._part = part
        self._number = 0

    def draw(self) -> dict[str, Any]:
        """Draw the next event."""
        kind = self._number % 100
        if kind < 94:
            return self.position(self._number)
        if kind < 98:
            data: dict[str, Any] = {
                "checkpoint_id": f"CP{self._number % CHECKPOINTS}",
                "truck_id": truck_id(self._number),
                "people_count": 2,
            }
            return self._event("checkpoint.cleared", data)
        if kind < 99:
            weight_kg = 4_000 + self._number % 3_000
            data = {"lot_id": lot_id(self._number % OPEN_LOTS), "quantity_kg": weight_kg}
            return self._event("lot.revised", data)
        data = {"truck_id": truck_id(self._number), "status": "available"}
        return self._event("truck.status_changed", data)

    def position(self, number: int) -> dict[str, Any]:
        """Draw where one truck is now.

        Parameters
        ----------
        number
            Of the truck.
        """
        data = {
            "truck_id": truck_id(number),
            "lat": round(self._chance.uniform(9.6, 10.2), 5),
            "lon": round(self._chance.uniform(104.9, 105.5), 5),
            "speed_kph": 36.0,
            "accuracy_m": 8.0,
        }
        return self._event("truck.position_reported", data)

    def _event(self, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        return {
            "specversion": "1.0",
            "id": f"{self._part}-{self._number}",
            "source": SOURCE,
            "type": event_type,
            "time": format_time(datetime.now(UTC)),
            "data": data,
        }

    def posts(self, token: str) -> Iterator[bytes]:
        """Write one request after the other, each with one event."""
        while True:
            yield request("POST", "/v1/events", token, orjson.dumps(self.draw()), _SINGLE)

    def positions(self, token: str) -> Iterator[bytes]:
        """Write one request after the other, each with the position of the next truck."""
        number = 0
        while True:
            body = orjson.dumps(self.position(number))
            yield request("POST", "/v1/events", token, body, _SINGLE)
            number += 1

    def batches(self, token: str, size: int) -> Iterator[bytes]:
        """Write one request after the other, each with a batch of events."""
        while True:
            body = orjson.dumps([self.draw() for _ in range(size)])
            yield request("POST", "/v1/events", token, body, _BATCH)


def page(token: str, plural: str, cursor: str | None = None) -> bytes:
    """Write the read of one page of a collection."""
    further = f"&cursor={quote(cursor)}" if cursor else ""
    return request("GET", f"/v1/{plural}?limit={PAGE}{further}", token)


def reads(seed: int, token: str, cursors: Mapping[str, Sequence[str | None]]) -> Iterator[bytes]:
    """Write reads: an item, then a page, in turn; no known ETag is shown.

    Parameters
    ----------
    seed
        Where chance comes from.
    token
        In whose name to read.
    cursors
        Where each page of `trucks` and of `lots` begins.
    """
    chance = Random(f"{seed}/reads")
    name_of = {"trucks": truck_id, "lots": lot_id}
    while True:
        plural = chance.choice(("trucks", "lots"))
        yield request("GET", f"/v1/{plural}/{name_of[plural](chance.randrange(LOTS))}", token)
        plural = chance.choice(("trucks", "lots"))
        yield page(token, plural, chance.choice(cursors[plural]))
