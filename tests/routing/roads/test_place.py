"""Build roads by a place's name from services on this machine that answer as the real ones do."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

import osmnx
import pytest
import shapely
from typer.testing import CliRunner

from infra import cli
from infra.settings import free_ports
from routing.roads import place
from routing.roads.errors import RoadError
from routing.roads.extract import build_extract
from routing.roads.network import load_network
from routing.roads.place import build_place, question
from tests.routing.roads.osm_files import fastest, read, restriction, ways_driven, write_osm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AREA = shapely.box(105.09, 9.99, 105.14, 10.01)
FOUND = [
    {
        "place_id": 1,
        "osm_type": "relation",
        "osm_id": 308,
        "lat": "10.0",
        "lon": "105.115",
        "class": "boundary",
        "type": "administrative",
        "importance": 0.5,
        "name": "Rạch Giá",
        "display_name": "Rạch Giá, Vietnam",
        "boundingbox": ["9.99", "10.01", "105.09", "105.14"],
        "geojson": shapely.geometry.mapping(AREA),
    }
]
POINT = [FOUND[0] | {"geojson": {"type": "Point", "coordinates": [105.115, 10.0]}}]
HTML = "<!DOCTYPE html><html><body>Error: runtime error</body></html>"
EMPTY = '<?xml version="1.0"?><osm version="0.6" generator="Overpass API"></osm>'


@dataclass(slots=True)
class Service:
    """Nominatim and Overpass on one port: what they answer, and what they were asked."""

    url: str
    found: tuple[int, str] = (200, json.dumps(FOUND))
    roads: tuple[int, str] = (200, EMPTY)
    asked: list[dict[str, Any]] = field(default_factory=list)


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._note(urlparse(self.path).query)
            self._answer(*service.found)

        def do_POST(self) -> None:
            self._note(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer(*service.roads)

        def _note(self, asked: str) -> None:
            path, agent = urlparse(self.path).path, self.headers["User-Agent"]
            service.asked.append(
                {"path": path, "agent": agent} | {k: v[0] for k, v in parse_qs(asked).items()}
            )

        def _answer(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            """Say nothing."""

    return Handler


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Return both services, which know the fork of the tests with a turn restriction."""
    path = write_osm(
        tmp_path / "fork.osm",
        relations=[restriction({"restriction": "no_straight_on"}, 10, 2, 20)],
    )
    told = Service("", roads=(200, _as_overpass(path.read_text(encoding="utf-8"))))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(told))
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def _as_overpass(text: str) -> str:
    """Return a file with the notes that Overpass puts at its head."""
    notes = (
        "<note>The data included in this document is from www.openstreetmap.org.</note>"
        '<meta osm_base="2021-08-20T00:00:00Z"/>'
    )
    head, osm, rest = text.partition("<osm ")
    attributes, close, body = rest.partition(">")
    return f"{head}{osm}{attributes}{close}{notes}{body}"


def _build(service: Service, out: Path, name: str = "Rạch Giá, Vietnam") -> place.Built:
    return build_place(name, out, overpass=service.url, nominatim=service.url, timeout_s=5)


def test_a_place_is_read_as_an_extract_is(service: Service, tmp_path: Path) -> None:
    """The same roads and the same turn restriction, whichever way they came."""
    built = _build(service, tmp_path / "roads")
    assert built.info.source == "OpenStreetMap, Rạch Giá, Vietnam, by Overpass"
    assert built.info.turn_restrictions == 1
    assert built.info.content_hash == read(tmp_path / "fork.osm").network.info.content_hash
    network = load_network(tmp_path / "roads")
    assert ways_driven(network, fastest(network, 1, 5)) == [10, 30, 40, 50]


def test_the_services_are_asked_for_the_place_and_its_roads(
    service: Service, tmp_path: Path
) -> None:
    """By our own name, for the area, with relations, as an OpenStreetMap file."""
    _build(service, tmp_path / "roads")
    where, roads = service.asked
    assert (where["path"], where["q"]) == ("/search", "Rạch Giá, Vietnam")
    assert roads["path"] == "/interpreter"
    assert {each["agent"] for each in service.asked} == {place.USER_AGENT}
    for part in (
        "[out:xml]",
        "motorway|",
        '"route"="ferry"',
        'rel(bw.roads)["type"="restriction"]',
    ):
        assert part in roads["data"]
    assert "105.09" not in roads["data"].split('poly:"')[1][:10]  # latitude comes first


def test_several_parts_of_an_area_are_asked_for_together() -> None:
    """Each as a ring a little larger than it is."""
    parts = shapely.MultiPolygon([AREA, shapely.affinity.translate(AREA, 1)])
    asked = question(parts, 180)
    assert asked.count("poly:") == 4
    assert "[timeout:180]" in asked
    rings = {part.split('"')[0] for part in asked.split('poly:"')[1:]}
    corners = [[float(each) for each in ring.split()] for ring in rings]
    drawn = shapely.union_all(
        [shapely.Polygon(list(zip(each[1::2], each[::2], strict=True))) for each in corners]
    )
    assert drawn.contains(parts)
    assert drawn.area < 1.5 * parts.area


def test_settings_of_osmnx_are_as_before(service: Service, tmp_path: Path) -> None:
    """It keeps them globally; nobody else is to notice."""
    before = (osmnx.settings.nominatim_url, osmnx.settings.use_cache)
    _build(service, tmp_path / "roads")
    assert (osmnx.settings.nominatim_url, osmnx.settings.use_cache) == before


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"found": (200, "[]")}, "no place 'Nowhere' was found"),
        ({"found": (200, json.dumps(POINT))}, "a point and not as an area"),
        ({"found": (200, HTML)}, "no place 'Nowhere' was found"),
        ({"found": (429, "wait")}, "asks to come back later: answered HTTP 429"),
        ({"found": (503, "gone")}, "HTTP 503"),
        ({"roads": (429, HTML)}, "busy (HTTP 429)"),
        ({"roads": (504, HTML)}, "busy (HTTP 504)"),
        ({"roads": (400, HTML)}, "refused (HTTP 400)"),
        ({"roads": (403, "")}, "refused (HTTP 403)"),
        ({"roads": (200, HTML)}, "sent a page and no map data"),
        ({"roads": (200, '{"elements": []}')}, "sent a page and no map data"),
        ({"roads": (200, EMPTY)}, "no road for trucks in Nowhere"),
        ({"roads": (200, EMPTY.replace("</osm>", '<node id="1" lat="'))}, "cannot be read"),
        (
            {
                "roads": (
                    200,
                    EMPTY.replace(
                        "</osm>", "<remark> runtime error: Query timed out </remark></osm>"
                    ),
                )
            },
            "could not finish (runtime error: Query timed out)",
        ),
    ],
)
def test_a_failure_is_one_message_and_the_previous_network_stays(
    service: Service, tmp_path: Path, answer: dict[str, tuple[int, str]], told: str
) -> None:
    """It says what went wrong and what to use instead, at once and not after waiting."""
    before = build_extract(tmp_path / "fork.osm", tmp_path / "roads").info
    for name, value in answer.items():
        setattr(service, name, value)
    with pytest.raises(RoadError) as refused:
        _build(service, tmp_path / "roads", "Nowhere")
    message = str(refused.value)
    assert told in message
    assert message.endswith("use --pbf with an OpenStreetMap extract, or --bundled")
    assert "\n" not in message
    assert load_network(tmp_path / "roads").info == before


def test_services_that_are_not_there_are_told(service: Service, tmp_path: Path) -> None:
    """Each of the two by itself."""
    nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(RoadError, match=r"finds places cannot be asked .*use --pbf"):
        build_place("X", tmp_path / "roads", overpass=service.url, nominatim=nowhere)
    with pytest.raises(RoadError, match=r"map service cannot be asked .*use --pbf"):
        build_place("X", tmp_path / "roads", overpass=nowhere, nominatim=service.url)
    assert not (tmp_path / "roads").exists()


def test_a_service_that_does_not_answer_is_not_waited_for(service: Service, tmp_path: Path) -> None:
    """After its time a smaller place is proposed."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(RoadError, match="did not answer in time; name a smaller place"):
            build_place("X", tmp_path / "o", overpass=url, nominatim=service.url, timeout_s=0.5)


def test_the_command_asks_the_services_that_the_settings_name(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Routing itself reads no environment."""
    monkeypatch.setenv("HARVESTLANE_OVERPASS_URL", service.url)
    monkeypatch.setenv("HARVESTLANE_NOMINATIM_URL", service.url)
    words = ["roads", "build", "--place", "Rạch Giá, Vietnam", "--out", str(tmp_path / "roads")]
    ended = CliRunner().invoke(cli.build_app(), words)
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "1 turn restrictions" in ended.stdout
    assert len(service.asked) == 2
