"""Report a small field to a running stack over HTTP, as machines and people would."""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from infra.logins import one_time_link, script_token
from infra.settings import Settings
from schemas.model import format_time

TRUCK, PLATE, HAULIER = "truck-browser-1", "68C-123.45", "haulier-browser"
LOT, PORT, CHECKPOINT = "lot-browser-1", "port-browser", "cp-browser"
RACH_GIA = {"lat": 10.012, "lon": 105.081}
TAC_CAU = {"lat": 9.889, "lon": 105.135}
RACH_SOI = {"lat": 9.938, "lon": 105.133}


class Field:
    """A client of one stack.

    Parameters
    ----------
    settings
        Of the stack.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        token = script_token(settings, "dispatcher")
        self._client = httpx.Client(
            base_url=settings.base_url, headers={"authorization": f"Bearer {token}"}, timeout=30
        )
        self._ids = itertools.count(1)

    def link(self, role: str, subject: str | None = None, page: str = "/") -> str:
        """Return a one-time link for a role."""
        return one_time_link(self.settings, role, subject, page)

    def invite(self, user: dict[str, Any]) -> str:
        """Add a user, and return the link for the first log-in."""
        token = script_token(self.settings, "administrator")
        headers = {"authorization": f"Bearer {token}"}
        answer = self._client.post("/v1/users", json=user, headers=headers)
        assert answer.status_code == 201, answer.text
        return f"{self.settings.base_url}{answer.json()['link']}"

    def report(self, event_type: str, **data: Any) -> None:
        """Report one event, and see it received."""
        event = {
            "specversion": "1.0",
            "id": f"browser-{next(self._ids)}",
            "source": "/tests/browser",
            "type": event_type,
            "time": format_time(datetime.now(UTC)),
            "data": data,
        }
        answer = self._client.post(
            "/v1/events", json=event, headers={"content-type": "application/cloudevents+json"}
        )
        assert answer.status_code == 202, answer.text

    def get(self, path: str) -> Any:
        """Read a resource; None where there is none yet."""
        answer = self._client.get(path)
        return answer.json() if answer.status_code == 200 else None

    def eventually(self, ask: Callable[[], Any], within_s: float = 60) -> Any:
        """Ask again and again until the answer is true, and return it."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            if found := ask():
                return found
            time.sleep(0.2)
        raise AssertionError(f"what the test waits for did not come; {self._complaints()}")

    def _complaints(self) -> str:
        """Return what the stack says of the field, and the last things that went wrong in it."""
        told = [f"{path}: {self.get(path)}" for path in (f"/v1/lots/{LOT}", "/v1/alerts")]
        logs = [self.settings.log_path(f"worker-{n + 1}") for n in range(self.settings.workers)]
        lines = [line for log in logs if log.exists() for line in log.read_text().splitlines()]
        wrong = [line for line in lines if " ERROR " in line or " CRITICAL " in line]
        return "\n".join([*told, "the workers complain:", *wrong[-5:]])

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def populate(self) -> None:
        """Register a port with slots, a checkpoint and a truck, and declare a lot."""
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self.report(
            "facility.registered",
            place_id=PORT,
            kind="port",
            name="Cảng cá Tắc Cậu",
            gates=["G1"],
            region="kien-giang",
            **TAC_CAU,
        )
        for hour in range(8):
            self.report(
                "slot.opened",
                facility_id=PORT,
                gate_id="G1",
                window_start=format_time(now + timedelta(hours=hour)),
                window_end=format_time(now + timedelta(hours=hour + 1)),
                capacity_trucks=3,
            )
        self.report(
            "checkpoint.registered",
            place_id=CHECKPOINT,
            name="Chốt Rạch Sỏi",
            bays=2,
            region="kien-giang",
            **RACH_SOI,
        )
        self.report(
            "truck.registered",
            truck_id=TRUCK,
            plate=PLATE,
            haulier_id=HAULIER,
            region="kien-giang",
            payload_kg=5000,
            temperature_classes=["ambient", "chilled"],
            home={**RACH_GIA, "name": "Rạch Giá"},
        )
        self.move(**RACH_GIA)
        self.report(
            "lot.declared",
            lot_id=LOT,
            region="kien-giang",
            product="fish",
            quantity_kg=3500,
            pickup={**RACH_GIA, "name": "Rạch Giá"},
            ready_from=format_time(datetime.now(UTC) - timedelta(hours=1)),
            hold_until=format_time(datetime.now(UTC) + timedelta(hours=20)),
            temperature="chilled",
        )
        self.report("lot.ready", lot_id=LOT)
        self.eventually(lambda: self.get(f"/v1/trucks/{TRUCK}"))

    def move(self, lat: float, lon: float) -> None:
        """Report where the truck is."""
        self.report("truck.position_reported", truck_id=TRUCK, lat=lat, lon=lon)
