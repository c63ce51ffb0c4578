"""The whole API keeps to its description: schemathesis asks a real stack.

`make test-contract` runs this alone; what is let pass, and why, stands in `schemathesis.toml`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.logins import script_token
from infra.settings import PROJECT
from infra.stack import Stack

pytestmark = [pytest.mark.integration, pytest.mark.slow]

_LONGEST_S = 900
_HERE = {"region": "kien-giang"}
_PLACES = [
    ("facilities", {"place_id": "port-1", "kind": "port", "gates": ["G1"], "lat": 10.03}),
    ("facilities", {"place_id": "yard-1", "kind": "assembly_point", "gates": ["G1"], "lat": 9.89}),
    ("checkpoints", {"place_id": "cp-1", "bays": 2, "lat": 9.95}),
]


@pytest.fixture(scope="module")
def address(stack: Stack) -> str:
    """Give the address of a stack that knows one of everything."""
    headers = {"authorization": f"Bearer {_token(stack, 'administrator')}"}
    with httpx.Client(base_url=stack.settings.base_url, headers=headers, timeout=20) as client:
        _settle(client)
    return stack.settings.base_url


@pytest.mark.parametrize(
    ("role", "subject", "phases"),
    [
        ("administrator", None, "examples,coverage,fuzzing,stateful"),
        ("haulier", "H1", "examples,coverage,stateful"),
    ],
)
def test_every_operation_keeps_to_the_description(
    stack: Stack, address: str, role: str, subject: str | None, phases: str
) -> None:
    asked = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"]
    environment = {
        **os.environ,
        "HARVESTLANE_URL": address,
        "HARVESTLANE_TOKEN": _token(stack, role, subject),
        "PYTHONPATH": str(PROJECT),
    }
    done = subprocess.run(
        [*asked, "--phases", phases],
        cwd=PROJECT,
        env=environment,
        timeout=_LONGEST_S,
        check=False,
        capture_output=True,
        text=True,
    )
    print(done.stdout[done.stdout.find("= SUMMARY") :])  # noqa: T201 - what the command is for
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]


def _token(stack: Stack, role: str, subject: str | None = None) -> str:
    return script_token(stack.settings, role, subject, ttl_s=3_600)


def _settle(client: httpx.Client) -> None:
    now = datetime.now(UTC)
    for plural, place in _PLACES:
        _post(client, plural, {"name": "Bến", "lon": 105.1, **_HERE, **place})
    home = {"lat": 9.9, "lon": 105.1, "name": "Rạch Giá"}
    truck = {"truck_id": "truck-1", "plate": "68C-123.45", "haulier_id": "H1", "payload_kg": 8000}
    _post(client, "trucks", {**truck, "driver_id": "D1", "home": home, **_HERE})
    line = {"type": "LineString", "coordinates": [[105.1, 9.9], [105.1, 10.0], [105.1, 10.03]]}
    known = {"geometry": line, "valid_from": now.isoformat(), **_HERE}
    ends = {"facilities": ["yard-1", "port-1"], "checkpoints": ["cp-1"]}
    _wait(client, "/v1/checkpoints/cp-1", "/v1/facilities/port-1", "/v1/facilities/yard-1")
    _post(client, "corridors", {"corridor_id": "cor-1", "kind": "shuttle", **ends, **known})
    _post(client, "closures", {"closure_id": "road-1", "reason": "lũ", **known})
    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=4)
    window = {
        "window_start": start.isoformat(),
        "window_end": (start + timedelta(hours=2)).isoformat(),
    }
    _post(client, "facilities/port-1/slots", {"gate_id": "G1", "capacity_trucks": 4, **window})
    held = {
        "ready_from": now.isoformat(),
        "hold_until": (now + timedelta(hours=20)).isoformat(),
    }
    pickup = {"lat": 9.89, "lon": 105.13, "name": "Gò Quao"}
    lot = {"lot_id": "lot-1", "product": "pineapple", "quantity_kg": 5000, "pickup": pickup}
    _post(client, "lots", {**lot, "declarer_id": "HTX1", **held, **_HERE})
    _wait(client, "/v1/lots/lot-1", "/v1/trucks/truck-1", "/v1/corridors/cor-1")


def _post(client: httpx.Client, noun: str, body: dict[str, Any]) -> None:
    answer = client.post(f"/v1/{noun}", json=body)
    assert answer.status_code == 202, answer.text


def _wait(client: httpx.Client, *paths: str) -> None:
    for path in paths:
        for _ in range(300):
            if client.get(path).status_code == 200:
                break
            time.sleep(0.1)
        else:
            pytest.fail(f"{path} was never there")
