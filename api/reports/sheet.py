"""Write a report as CSV that Excel opens in Vietnam."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from schemas.model import LOCAL
from schemas.vocabulary import VOCABULARY

Language = Literal["vi", "en"]

WORDS: Mapping[str, tuple[str, str]] = {
    "lots": ("Lô hàng", "Lots"),
    "goods": ("Hàng hóa", "Goods"),
    "trips": ("Chuyến", "Trips"),
    "trucks": ("Xe", "Trucks"),
    "slots": ("Khung giờ", "Slots"),
    "checkpoints": ("Chốt", "Checkpoints"),
    "alerts": ("Cảnh báo", "Alerts"),
    "corridors": ("Cung đường", "Corridors"),
    "closures": ("Đóng đường", "Closures"),
    "declared": ("Khai báo", "Declared"),
    "ready": ("Sẵn sàng", "Ready"),
    "withdrawn": ("Rút", "Withdrawn"),
    "planned": ("Đã xếp xe", "Planned"),
    "left": ("Chưa có xe", "Left"),
    "proposed": ("Đề nghị", "Proposed"),
    "accepted": ("Nhận", "Accepted"),
    "declined": ("Từ chối", "Declined"),
    "expired": ("Hết hạn trả lời", "Expired"),
    "cancelled": ("Hủy", "Cancelled"),
    "loaded": ("Đã bốc", "Loaded"),
    "delivered": ("Đã giao", "Delivered"),
    "used": ("Đã chạy", "Used"),
    "opened": ("Mở", "Opened"),
    "closed": ("Đóng", "Closed"),
    "capacity": ("Sức chứa", "Capacity"),
    "confirmed": ("Giữ chỗ", "Confirmed"),
    "rejected": ("Không còn chỗ", "Rejected"),
    "released": ("Trả chỗ", "Released"),
    "no_show": ("Không đến", "No show"),
    "arrived": ("Đến", "Arrived"),
    "cleared": ("Cho qua", "Cleared"),
    "held": ("Giữ lại", "Held"),
    "refused": ("Không cho qua", "Refused"),
    "raised": ("Phát sinh", "Raised"),
    "deviation_detected": ("Lệch cung đường", "Deviation"),
    "unlisted_stop_detected": ("Dừng ngoài quy định", "Unlisted stop"),
    "checkpoint_skipped": ("Bỏ qua chốt", "Checkpoint skipped"),
    "checkpoint_out_of_order": ("Qua chốt sai thứ tự", "Checkpoint out of order"),
    "used_outside_hours": ("Ngoài giờ", "Outside hours"),
    "used_off_roster": ("Ngoài danh sách xe", "Off the roster"),
    "reopened": ("Thông đường", "Reopened"),
    "restricted": ("Hạn chế vùng", "Zone restricted"),
    "lifted": ("Dỡ bỏ", "Lifted"),
    "unit:lots": ("lô", "lots"),
    "unit:kg": ("kg", "kg"),
    "unit:trips": ("chuyến", "trips"),
    "unit:trucks": ("xe", "trucks"),
    "unit:slots": ("khung giờ", "slots"),
    "unit:vehicles": ("lượt xe", "vehicles"),
    "unit:people": ("người", "people"),
    "unit:alerts": ("lượt", "alerts"),
    "unit:corridors": ("cung đường", "corridors"),
    "unit:closures": ("lượt", "closures"),
}
"""What sections, measures and units are called, in Vietnamese and English."""

_HEADS: tuple[tuple[str, str], ...] = (
    ("Mục", "Section"),
    ("Chỉ tiêu", "Measure"),
    ("Đơn vị", "Unit"),
    ("Vùng", "Region"),
    ("Mặt hàng", "Product"),
    ("Cơ sở, chốt", "Facility, checkpoint"),
    ("Lý do", "Reason"),
    ("Đúng hạn", "On time"),
    ("Đến muộn", "Late"),
    ("Điều chỉnh kỳ trước", "Correction of earlier periods"),
    ("Từ", "From"),
    ("Đến", "Until"),
    ("Lập lúc", "As of"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(report: Mapping[str, Any], language: Language) -> bytes:
    """Write a report as CSV: UTF-8 with a mark, semicolons, local times as people write them.

    Parameters
    ----------
    report
        The report as its JSON answer has it, its times aware.
    language
        Of the headings and words.
    """
    text = io.StringIO()
    sheet = csv.writer(text, delimiter=";", lineterminator="\r\n")
    at = 0 if language == "vi" else 1
    sheet.writerow(head[at] for head in _HEADS)
    times = [_local(report[name]) for name in ("from", "until", "as_of")]
    for row in report["rows"]:
        cells = [
            WORDS[row["section"]][at],
            WORDS[row["measure"]][at],
            WORDS[f"unit:{row['unit']}"][at],
            _word(language, row["region"], "region"),
            _word(language, row["product"], "product"),
            row["place_name"] or row["place_id"] or "",
            _word(language, row["code"], "reason", "alert"),
        ]
        numbers = (row["on_time"], row["late"], row["correction"])
        sheet.writerow([*map(defused, cells), *numbers, *times])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def defused(cell: str) -> str:
    """Keep a text from being read as a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _word(language: Language, word: str | None, *lists: str) -> str:
    for name in lists:
        if word in VOCABULARY[name]:
            return VOCABULARY[name][word or ""][language]
    return word or ""


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(LOCAL):%d/%m/%Y %H:%M}"
