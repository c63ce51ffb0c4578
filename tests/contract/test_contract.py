"""The whole API keeps to its description: schemathesis asks a real stack.

`make test-contract` runs this alone; what is let pass, and why, stands in `schemathesis.toml`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api.clients.python import ApiProblem, Client
from infra.logins import script_token
from infra.settings import PROJECT, Settings
from infra.stack import Stack, running_stack

pytestmark = [pytest.mark.integration, pytest.mark.slow]

_LONGEST_S = 900
_HERE = {"region": "kien-giang"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Run a stack that neither waits for what nobody made, nor counts how much one asks."""
    with tempfile.TemporaryDirectory(prefix="harvestlane-") as folder:
        settings = Settings.throwaway(Path(folder)).model_copy(
            update={"view_wait_s": 0.0, "rate_per_minute": 1_000_000}
        )
        with running_stack(settings) as running:
            yield running


@pytest.fixture(scope="module")
def address(stack: Stack) -> str:
    """Give the address of a stack that knows one of everything."""
    with Client(stack.settings.base_url, _token(stack, "administrator")) as client:
        _settle(client)
    httpx.get(f"{stack.settings.base_url}/openapi.json", timeout=120)  # the first time takes long
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


def _settle(client: Client) -> None:
    now = datetime.now(UTC)
    place = {"name": "Bến", "lon": 105.1, **_HERE}
    client.register_facility(
        {"place_id": "port-1", "kind": "port", "gates": ["G1"], "lat": 10.03, **place}
    )
    client.register_facility({"place_id": "yard-1", "kind": "assembly_point", "lat": 9.89, **place})
    client.register_checkpoint({"place_id": "cp-1", "bays": 2, "lat": 9.95, **place})
    truck = {"truck_id": "truck-1", "plate": "68C-123.45", "haulier_id": "H1", "payload_kg": 8000}
    home = {"lat": 9.9, "lon": 105.1, "name": "Rạch Giá"}
    client.register_truck({**truck, "driver_id": "D1", "home": home, **_HERE})
    _await(lambda: client.get_checkpoint("cp-1"))
    _await(lambda: client.get_facility("port-1"))
    _await(lambda: client.get_facility("yard-1"))
    line = {"type": "LineString", "coordinates": [[105.1, 9.9], [105.1, 10.0], [105.1, 10.03]]}
    known = {"geometry": line, "valid_from": now.isoformat(), **_HERE}
    ends = {"facilities": ["yard-1", "port-1"], "checkpoints": ["cp-1"]}
    client.open_corridor({"corridor_id": "cor-1", "kind": "shuttle", **ends, **known})
    client.post_closure({"closure_id": "road-1", "reason": "lũ", **known})
    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=4)
    window = {
        "window_start": start.isoformat(),
        "window_end": (start + timedelta(hours=2)).isoformat(),
    }
    client.post_slot("port-1", {"gate_id": "G1", "capacity_trucks": 4, **window})
    held = {"ready_from": now.isoformat(), "hold_until": (now + timedelta(hours=20)).isoformat()}
    pickup = {"lat": 9.89, "lon": 105.13, "name": "Gò Quao"}
    lot = {"lot_id": "lot-1", "product": "pineapple", "quantity_kg": 5000, "pickup": pickup}
    client.declare_lot({**lot, "declarer_id": "HTX1", **held, **_HERE})
    _await(lambda: client.get_lot("lot-1"))
    _await(lambda: client.get_truck("truck-1"))
    _await(lambda: client.get_corridor("cor-1"))


def _await(read: Callable[[], object]) -> None:
    for _ in range(300):
        try:
            read()
        except ApiProblem as problem:
            if problem.status != 404:
                raise
            time.sleep(0.1)
        else:
            return
    pytest.fail("what was written could never be read")
