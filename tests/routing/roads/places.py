"""Name the places of the demo that every network must reach, latitude first."""

from __future__ import annotations

PLACES: dict[str, tuple[float, float]] = {
    "Rạch Giá": (10.012, 105.081),
    "Hà Tiên": (10.383, 104.488),
    "Kiên Lương": (10.216, 104.638),
    "Tắc Cậu": (9.889, 105.135),
    "Gò Quao": (9.733, 105.274),
    "An Biên": (9.815, 105.064),
    "Vĩnh Thuận": (9.508, 105.257),
    "An Thới": (10.019, 104.015),
    "Bãi Vòng": (10.181, 104.048),
    "Cà Mau": (9.177, 105.152),
    "Năm Căn": (8.759, 104.993),
    "Sông Đốc": (9.023, 104.846),
    "Cần Thơ": (10.037, 105.788),
    "Cái Cui": (9.99, 105.83),
    "Hoàng Diệu": (10.06, 105.77),
    "Long Xuyên": (10.386, 105.435),
    "Châu Đốc": (10.700, 105.117),
    "Cao Lãnh": (10.460, 105.633),
    "Vàm Cống": (10.308, 105.539),
    "Rạch Miễu": (10.33, 106.34),
    "Cát Lái": (10.763, 106.773),
}
