"""Write files as provinces keep them, and import them into an application in memory."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from openpyxl import Workbook

from tests.api.conftest import Stand, blind, redis_url, stand

__all__ = ["XLSX", "blind", "csv_of", "post", "redis_url", "stand", "workbook"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FACILITY = {
    "place_id": "port-tac-cau",
    "kind": "port",
    "name": "Cảng cá Tắc Cậu",
    "lat": 9.87,
    "lon": 105.12,
    "gates": ["G1", "G2"],
    "status": "active",
    "region": "kien-giang",
}
PLANT = {
    **FACILITY,
    "place_id": "plant-rach-gia",
    "kind": "plant",
    "name": "Nhà máy Rạch Giá",
    "lat": 10.01,
    "lon": 105.08,
    "gates": ["G1"],
}
TRUCK = {
    "truck_id": "T1",
    "registered": True,
    "plate": "68C-123.45",
    "haulier_id": "htx-van-tai-rach-gia",
    "region": "kien-giang",
    "vehicle_class": "rigid_2_axle",
    "payload_kg": 5000,
    "temperature_classes": ["ambient"],
    "home": {"lat": 9.87, "lon": 105.12, "name": "Cảng cá Tắc Cậu"},
    "status": "available",
}


def workbook(*sheets: Sequence[Sequence[Any]], merged: Sequence[str] = (), **names: Any) -> bytes:
    """Write rows as an XLSX file; `hidden` names sheets that are not seen."""
    book = Workbook()
    for number, rows in enumerate(sheets, 1):
        sheet = book.active if number == 1 else book.create_sheet()
        assert sheet is not None
        sheet.title = f"Sheet{number}"
        for row in rows:
            sheet.append(list(row))
        if number == 1:
            for each in merged:
                sheet.merge_cells(each)
        if sheet.title in names.get("hidden", ()):
            sheet.sheet_state = "hidden"
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def csv_of(rows: Sequence[Sequence[Any]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Write rows as a CSV file."""
    quoted = [
        delimiter.join(f'"{each}"' if delimiter in str(each) else str(each) for each in row)
        for row in rows
    ]
    return "\r\n".join(quoted).encode(encoding)


async def post(
    stand: Stand, kind: str, raw: bytes, *, role: str = "dispatcher", **query: Any
) -> httpx.Response:
    """Send a file: XLSX by its first bytes, else CSV."""
    media = XLSX if raw.startswith(b"PK") else "text/csv"
    headers = {"content-type": media}
    return await stand.ask(
        "POST", f"/v1/imports/{kind}", role=role, content=raw, headers=headers, params=query
    )


@pytest.fixture
def place(stand: Stand) -> Stand:
    """Give a province with a port, a plant and one truck."""
    stand.put("facility", "port-tac-cau", **FACILITY)
    stand.put("facility", "plant-rach-gia", **PLANT)
    stand.put("truck", "T1", **TRUCK)
    return stand
