"""Name the ports and the towns round which an instance is drawn, in the Mekong delta."""

from __future__ import annotations

PORTS: tuple[tuple[str, float, float], ...] = (
    ("Tắc Cậu", 9.889, 105.135),
    ("Rạch Giá", 10.012, 105.081),
    ("Hòn Chông", 10.149, 104.608),
    ("Cái Cui", 9.990, 105.830),
    ("Hoàng Diệu", 10.060, 105.770),
    ("Mỹ Thới", 10.330, 105.480),
    ("Sa Đéc", 10.290, 105.760),
    ("Vĩnh Long", 10.255, 105.975),
    ("Trần Đề", 9.500, 106.200),
    ("Gành Hào", 9.035, 105.420),
    ("Sông Đốc", 9.023, 104.846),
    ("Năm Căn", 8.759, 104.993),
)
"""Name, latitude and longitude, to about a kilometre."""

TOWNS: tuple[tuple[str, float, float], ...] = (
    ("Rạch Giá", 10.012, 105.081),
    ("Minh Lương", 9.902, 105.161),
    ("Gò Quao", 9.733, 105.274),
    ("Giồng Riềng", 9.910, 105.314),
    ("Tân Hiệp", 10.117, 105.286),
    ("Hòn Đất", 10.185, 104.930),
    ("Kiên Lương", 10.216, 104.638),
    ("An Minh", 9.611, 104.947),
    ("Vĩnh Thuận", 9.508, 105.257),
    ("Cà Mau", 9.177, 105.152),
    ("Năm Căn", 8.759, 104.993),
    ("Cái Nước", 8.942, 105.014),
    ("Đầm Dơi", 8.992, 105.196),
    ("Thới Bình", 9.356, 105.099),
    ("Giá Rai", 9.237, 105.457),
    ("Bạc Liêu", 9.285, 105.724),
    ("Phước Long", 9.437, 105.459),
    ("Sóc Trăng", 9.603, 105.974),
    ("Ngã Năm", 9.566, 105.596),
    ("Vĩnh Châu", 9.327, 105.981),
    ("Vị Thanh", 9.784, 105.470),
    ("Ngã Bảy", 9.816, 105.820),
    ("Cần Thơ", 10.034, 105.784),
    ("Thốt Nốt", 10.271, 105.530),
    ("Long Xuyên", 10.386, 105.435),
    ("Châu Đốc", 10.707, 105.117),
    ("Cao Lãnh", 10.460, 105.633),
    ("Vĩnh Long", 10.255, 105.972),
    ("Trà Vinh", 9.934, 106.345),
    ("Mỹ Tho", 10.360, 106.360),
)
"""Where lots and trucks are found, and how the towns are called."""
