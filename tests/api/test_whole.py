"""What is written over HTTP can be read over HTTP, through real workers and a real projector."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.clients.python import ApiProblem, Client
from api.clients.python.models import LotChange
from infra.logins import script_token
from infra.stack import Stack
from schemas.model import LOCAL

pytestmark = pytest.mark.integration

LOT: dict[str, Any] = {
    "region": "kien-giang",
    "product": "pineapple",
    "quantity_kg": 5000,
    "pickup": {"lat": 9.733, "lon": 105.274, "name": "Gò Quao"},
    "ready_from": "2031-08-24T05:00:00+07:00",
    "hold_until": "2031-08-26T05:00:00+07:00",
}


def test_a_lot_goes_round_and_comes_out_of_the_stream(stack: Stack) -> None:
    settings = stack.settings
    token = script_token(settings, "lot_declarer", "HTX1")
    headers = {"authorization": f"Bearer {token}"}
    with (
        httpx.Client(base_url=settings.base_url, headers=headers, timeout=60) as client,
        client.stream("GET", "/v1/stream?kinds=lot") as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        sent = client.post("/v1/lots", json=LOT, headers={"idempotency-key": "whole-1"})
        assert sent.status_code == 202, sent.text
        lot_id = sent.json()["lot_id"]
        assert f'data: {{"id":"{lot_id}"' in next(line for line in lines if line.startswith("data"))
        lot = client.get(sent.headers["location"]).json()
        assert (lot["status"], lot["declarer_id"]) == ("declared", "HTX1")
        again = client.post("/v1/lots", json=LOT, headers={"idempotency-key": "whole-1"})
        assert again.json()["receipts"][0]["id"] == sent.json()["receipts"][0]["id"]
    with Client(settings.base_url, token, timeout_s=60) as declarer:
        changed = declarer.change_lot(lot_id, LotChange(quantity_kg=4000))
        assert [receipt.type for receipt in changed.receipts] == ["lot.revised"]
        for _ in range(300):
            if declarer.get_lot(lot_id).quantity_kg == 4000:
                break
            time.sleep(0.1)
        assert declarer.get_lot(lot_id).version == lot["version"] + 1
        with pytest.raises(ApiProblem) as refused:
            declarer.daily()
        assert (refused.value.status, refused.value.code) == (403, "forbidden")
    with Client(settings.base_url, script_token(settings, "observer"), timeout_s=60) as observer:
        rows = observer.daily(date=_day_of_now()).rows
    figures = {(row.measure, row.unit): row.on_time for row in rows}
    assert figures["declared", "kg"] >= LOT["quantity_kg"]


def _day_of_now() -> str:
    """Name the day that ends at the next 16:00."""
    return f"{datetime.now(UTC).astimezone(LOCAL) + timedelta(hours=8):%Y-%m-%d}"
