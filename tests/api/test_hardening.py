"""What every answer has and none says, whatever was asked for and however it was written."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.types import Message

from api.guard import SECURITY_HEADERS
from infra.settings import PROJECT
from tests.api.conftest import Stand, config, token

pytestmark = pytest.mark.integration

ANSWERS = [
    ("GET", "/", None, 503),
    ("GET", "/haulier", None, 503),
    ("GET", "/assets/none.js", None, 404),
    ("GET", "/healthz", None, 200),
    ("GET", "/readyz", None, 200),
    ("GET", "/metrics", None, 200),
    ("GET", "/nowhere", None, 404),
    ("GET", "/v1/trucks", None, 401),
    ("GET", "/v1/trucks", "observer", 200),
    ("GET", "/v1/trucks/T9", "observer", 404),
    ("PUT", "/v1/trucks", "observer", 405),
    ("POST", "/v1/events", "observer", 415),
    ("POST", "/v1/session", None, 422),
    ("DELETE", "/v1/session", None, 204),
    ("GET", "/osrm/route/v1/truck/1,1;2,2", None, 503),
    ("GET", "/osrm/trip/v1/truck/1,1;2,2", None, 400),
]


async def test_every_answer_is_hardened(world: Stand) -> None:
    for method, path, role, status in ANSWERS:
        body = {"content": b"1", "headers": {"content-type": "text/x"}} if status == 415 else {}
        answer = await world.ask(method, path, role=role, **body)
        assert answer.status_code == status, answer.text
        assert answer.headers.items() >= SECURITY_HEADERS.items()
        assert not {"server", "x-powered-by"} & answer.headers.keys()
        assert "access-control-allow-origin" not in answer.headers
        if path.startswith("/v1/"):
            assert answer.headers["cache-control"] == "no-store"


async def test_a_stream_a_file_and_a_failure_are_hardened_too(
    world: Stand, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "assets" / "a.js").write_text("1", encoding="utf-8")
    world.app.state.drawings = None
    for path in ("/assets/a.js", "/v1/roads", "/v1/stream"):
        status, headers, body = await begun(world, path)
        assert status == (500 if path == "/v1/roads" else 200)
        assert headers.items() >= SECURITY_HEADERS.items()
        assert not re.search(rb"Traceback|NoneType|\.py|/api/", body)
    assert "NoneType" in caplog.text  # whoever runs the stack is told


async def begun(stand: Stand, path: str) -> tuple[int, dict[str, str], bytes]:
    """Return how an answer begins, and leave."""
    found: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.disconnect" if found else "http.request", "body": b""}

    async def send(message: Message) -> None:
        found.append(message)

    bearer = b"Bearer " + token("dispatcher").encode()
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"authorization", bearer)],
        "scheme": "http",
        "http_version": "1.1",
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 9),
        "root_path": "",
    }
    await stand.app(scope, receive, send)
    start, *rest = found
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(each.get("body", b"") for each in rest)


def test_pages_run_our_own_files_alone() -> None:
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in SECURITY_HEADERS["content-security-policy"].split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert not re.search(r"unsafe|\*|https?:", SECURITY_HEADERS["content-security-policy"])
    pages = list((PROJECT / "api" / "pages").glob("*.html"))
    assert len(pages) >= 4
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|https?://|javascript:", text), page.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), page.name


async def test_only_what_a_route_offers_is_done(world: Stand) -> None:
    offered: dict[str, set[str]] = defaultdict(set)
    for route in world.app.routes:
        if isinstance(route, APIRoute):
            offered[re.sub(r"\{[^}]*\}", "T1", route.path)] |= route.methods or set()
    for path, methods in offered.items():
        for method in {"TRACE", "PUT", "POST", "PATCH", "DELETE"} - methods:
            answer = await world.ask(method, path, role="administrator")
            assert answer.status_code in {404, 405}, (method, path)
            assert method not in answer.headers.get("allow", "").split(", ")
    for name in ("x-http-method-override", "x-http-method", "x-method-override"):
        answer = await world.ask("GET", "/v1/lots/L1", role="observer", headers={name: "DELETE"})
        assert answer.json()["lot_id"] == "L1"
    for path in ("/docs", "/redoc", "/v1/docs", "/.git/config", "/.env", "/server-status"):
        assert (await world.ask("GET", path, role="administrator")).status_code == 404
    assert world.broker.records == []


TRICKS = [
    "../trucks/T1",
    "..%2ftrucks%2fT1",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252fT1",
    "%c0%ae%c0%ae%c0%afT1",
    "T1%00",
    "T1%0d%0aset-cookie:%20a=b",
    "T1%0aINFO%20api:%20all%20is%20well",
    "T1%1b[2J",
    "T1%e2%80%ae",
    "T1%e2%80%8b",
    "%ef%bc%b41",
    "%ff%fe",
    "T1%ed%a0%80",
    "T1%20",
    "t1",
    "T1/",
    "T1;a=b",
    "T1%3fa=b",
    "%7b%7b7*7%7d%7d",
    "${jndi:ldap:%2f%2fa}",
    "'%20or%20'1'='1",
    "*",
    "view:truck",
    "T1%0d%0aHDEL%20view:truck%20T1",
    "__proto__",
    "a" * 5_000,
]


async def test_an_id_written_oddly_is_no_other_id(
    world: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for trick in TRICKS:
        await refused_everywhere(world, trick)
    assert world.broker.records == []
    assert_one_line_each(caplog)
    assert "T1" not in "".join(each.getMessage() for each in ours(caplog))


async def refused_everywhere(world: Stand, trick: str) -> None:
    """See that an id opens nothing, on whatever route it stands."""
    asked = [
        ("GET", f"/v1/trucks/{trick}", "haulier:H2"),
        ("GET", f"/v1/commands/{trick}", "haulier:H2"),
        ("POST", f"/v1/assignments/{trick}/accept", "haulier:H1"),
        ("PATCH", f"/v1/lots/{trick}", "lot_declarer:HTX1"),
        ("POST", f"/v1/facilities/{trick}/slots", "port_operator:F1"),
        ("POST", f"/v1/checkpoints/{trick}/clearances", "checkpoint_officer:C1"),
        ("GET", f"/assets/{trick}", None),
        ("GET", f"/osrm/route/v1/{trick}/1,1;2,2", None),
    ]
    for method, path, role in asked:
        body: dict[str, Any] = {"json": {}} if method != "GET" else {}
        answer = await world.ask(method, path, role=role, **body)
        is_as_expected = answer.status_code in {400, 403, 404, 405, 422}
        assert is_as_expected or "/osrm/" in path, (path, answer.text)
        assert "set-cookie" not in answer.headers
        answer.json()


def ours(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what we ourselves wrote to the log."""
    return [each for each in caplog.records if each.name.startswith("api")]


def assert_one_line_each(caplog: pytest.LogCaptureFixture) -> None:
    """See that nobody can write lines of their own into the log."""
    for record in ours(caplog):
        assert record.getMessage().isprintable(), record.getMessage()


ODD_HEADERS = [
    ("idempotency-key", "a\r\nINFO all is well"),
    ("last-event-id", "1-0\r\nevent: truck"),
    ("accept-language", "en\x1b[2J" * 100),
    ("if-none-match", '"' * 10_000),
    ("cookie", "harvestlane_session=a\r\nb; harvestlane_refresh=" + "x" * 9_000),
    ("authorization", "Bearer a\nb"),
    ("authorization", "Bearer " + "a." * 30_000),
    ("content-type", "application/json; charset=utf-7"),
    ("content-type", "application/json\r\nx: y"),
    ("ce-id", "a\r\nb"),
]


async def test_a_header_written_oddly_breaks_nothing(
    world: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bearer = {"authorization": f"Bearer {token('observer')}"}
    for name, value in ODD_HEADERS:
        sent = [(key.encode(), text.encode()) for key, text in (bearer | {name: value}).items()]
        for method, path in (("GET", "/v1/trucks"), ("GET", "/v1/roads"), ("POST", "/v1/events")):
            answer = await world.client.request(method, path, headers=sent)
            assert answer.status_code < 500 or path == "/v1/roads"
            assert "all is well" not in str(answer.headers)
    assert world.broker.records == []
    assert_one_line_each(caplog)


async def test_nothing_beside_the_pages_is_served(world: Stand, tmp_path: Path) -> None:
    pages = tmp_path / "dist"
    (pages / "assets").mkdir(parents=True)
    for name in ("secret", "dist/.hidden", "dist/assets/.hidden"):
        (tmp_path / name).write_text("SECRET", encoding="utf-8")
    ways = [
        *("/../secret", "/..%2fsecret", "/%2e%2e/secret", "/%2e%2e%2fsecret", "/..%5csecret"),
        *("/assets/../../secret", "/assets/..%2f..%2fsecret", "/assets/%2e%2e%2f%2e%2e%2fsecret"),
        *("/.hidden", "/assets/.hidden", "/assets/", "/assets", "/assets/..", "//secret"),
        f"/{str(tmp_path).replace('/', '%2f')}%2fsecret",
        f"/assets/{tmp_path}/secret",
        "/osrm/route/v1/..%2f..%2fsecret/1,1;2,2",
    ]
    transport = httpx.ASGITransport(world.app)
    for way in ways:  # as it stands: httpx would tidy it
        url = httpx.URL("http://testserver", raw_path=way.encode())
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.get(url)
        assert answer.status_code in {400, 404, 503}, way
        assert "SECRET" not in answer.text


async def test_what_is_not_yours_is_as_if_it_were_not(world: Stand) -> None:
    foreign = [
        ("haulier:H1", "trucks", "T2"),
        ("driver:D2", "trucks", "T1"),
        ("lot_declarer:HTX1", "lots", "L2"),
        ("haulier:H2", "assignments", "A1"),
        ("port_operator:F2", "assignments", "A1"),
        ("checkpoint_officer:C2", "alerts", "truck_held/T1"),
    ]
    for role, kind, others in foreign:
        there = (await world.ask("GET", f"/v1/{kind}/{others}", role=role)).json()
        nowhere = (await world.ask("GET", f"/v1/{kind}/X9", role=role)).json()
        assert there["status"] == 404
        assert str(there).replace(others, "X9") == str(nowhere)


async def test_no_page_of_another_site_reads_anything(world: Stand) -> None:
    for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
        sent = {"origin": origin, "access-control-request-method": "GET"}
        for method, path in (("GET", "/v1/trucks"), ("OPTIONS", "/v1/trucks"), ("GET", "/")):
            answer = await world.ask(method, path, headers=sent)
            assert "access-control-allow-origin" not in answer.headers


async def test_a_body_is_bounded_whether_or_not_it_says_its_length(world: Stand) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 65_536

    for content in (endless(), b" " * 2_000_000):
        sent = {"content-type": "application/json"}
        answer = await world.ask("POST", "/v1/lots", content=content, headers=sent)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_no_secret_is_shown_with_the_settings_of_a_process(tmp_path: Path) -> None:
    shown = repr(config("redis://127.0.0.1:1/0", tmp_path))
    assert "ssss" not in shown
