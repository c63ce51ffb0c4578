"""Name what can be wrong with a cell, in Vietnamese and English."""

from __future__ import annotations

from dataclasses import dataclass

CODES: dict[str, tuple[str, str]] = {
    "column_missing": ("Thiếu cột {field}: {headings}", "no column for {field}: {headings}"),
    "missing": ("Ô này không được để trống", "this cell may not be empty"),
    "cell_error": ("Ô này báo lỗi của Excel", "this cell shows an error of Excel"),
    "formula_unread": (
        "Công thức chưa có kết quả; hãy mở tệp bằng Excel và lưu lại",
        "the formula has no result; open the file in Excel and save it again",
    ),
    "too_long": ("Dài quá {most} ký tự", "longer than {most} characters"),
    "not_a_number": ("Không phải số, ví dụ 3,5", "no number, such as 3,5"),
    "number_ambiguous": (
        "{text} có thể là {small} hoặc {great}; hãy ghi rõ, ví dụ {great}",
        "{text} may be {small} or {great}; write it without the comma",
    ),
    "unit_missing": (
        "Không rõ tấn hay kg; hãy ghi đơn vị ở tiêu đề, ví dụ {heading} (tấn)",
        "tonnes or kg? write the unit in the heading, such as {heading} (kg)",
    ),
    "unit_unknown": ("Không hiểu đơn vị này", "this unit is not known: kg, tạ, tấn are"),
    "out_of_range": ("Phải từ {least} đến {most}", "must be from {least} to {most}"),
    "not_a_day": ("Không phải ngày, ví dụ 25/8/2021", "no date, such as 25/8/2021"),
    "not_a_time": ("Không phải giờ, ví dụ 7h30", "no time, such as 7h30"),
    "not_a_window": ("Không phải khung giờ, ví dụ 6h-7h", "no window, such as 6h-7h"),
    "before_ready": ("Phải sau ngày giờ thu hoạch", "must be later than the harvest"),
    "word_unknown": ("Không nhận ra; có thể là {near}", "not known; perhaps {near}"),
    "place_unknown": (
        "Chưa biết địa điểm này; thêm cột Vĩ độ, Kinh độ, hoặc ghi {near}",
        "this place is not known; add columns Lat, Lon, or write {near}",
    ),
    "gate_unknown": ("Không có cổng này; có {near}", "no such gate; there are {near}"),
    "region_missing": (
        "Chưa rõ tỉnh; thêm cột Tỉnh hoặc tham số region",
        "which region? add a column Tỉnh or the parameter region",
    ),
    "plate_taken": ("Biển số này là của xe {other}", "this is the plate of truck {other}"),
    "plate_unreadable": ("Không phải biển số xe", "this is no plate"),
    "truck_unknown": ("Xe này chưa đăng ký", "no truck with this plate is registered"),
    "twice": ("Trùng với ô {other}", "the same as in {other}"),
    "not_changeable": (
        "Đã khai là {was}; không đổi được, hãy rút lô và khai lô mới",
        "it was declared as {was}, which cannot change; withdraw it and declare another",
    ),
    "withdrawn": ("Lô này đã được rút", "this lot was withdrawn"),
    "not_yours": ("Không thuộc quyền của bạn", "this is not yours"),
    "invalid": ("Không hợp lệ", "not valid: {why}"),
}
"""Each stable code's sentences."""


class Unread(Exception):
    """A cell cannot be taken.

    Parameters
    ----------
    code
        A key of `CODES`.
    **params
        What its sentences name.
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one cell.

    Attributes
    ----------
    cell
        Its address, such as `Sheet1!D7`.
    field
        What it should say, by its name in the API.
    code
        A key of `CODES`.
    params
        What the sentences name.
    value
        What stands there; None for what may be about people.
    """

    cell: str
    field: str
    code: str
    params: dict[str, object]
    value: str | None = None

    @property
    def messages(self) -> tuple[str, str]:
        """What to tell people, in Vietnamese and in English."""
        vietnamese, english = CODES[self.code]
        return vietnamese.format(**self.params), english.format(**self.params)
