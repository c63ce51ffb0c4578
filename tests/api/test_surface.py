"""What every answer has: problems, security headers, a description, measures, pages."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from api import (
    assignments,
    checkpoints,
    closures,
    corridors,
    facilities,
    lots,
    places,
    trucks,
)
from api.mirror import KIND_OF
from api.problems import PROBLEMS
from api.screens import PAGES
from infra.settings import PROJECT
from schemas.assignment import AssignmentOverride, AssignmentPin, AssignmentReportProblem
from schemas.checkpoint import Clearance
from schemas.corridor import CorridorOpened
from schemas.lot import LotDeclared, LotRevised
from schemas.model import Fact
from schemas.place import PlaceUpdated
from schemas.road import ZoneRestricted
from schemas.slot import SlotOpened
from schemas.truck import TruckStatusChanged, TruckUpdated
from tests.api.conftest import Stand

pytestmark = pytest.mark.integration

FROM_PATH = {"assignment_id", "region", "actor", "expected_version"}
"""What a command has from its path, its sender and `If-Match`."""


@pytest.mark.parametrize(
    ("method", "path", "role", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", "/v1/nowhere", "observer", 404),
        ("GET", "/v1/nowhere", None, 401),
        ("GET", "/assets/..%2f..%2fpyproject.toml", None, 404),
        ("DELETE", "/v1/trucks/T1", "dispatcher", 405),
        ("PUT", "/healthz", None, 405),
        ("GET", "/v1/trucks?limit=0", "observer", 422),
    ],
)
async def test_every_error_is_a_problem_document(
    stand: Stand, method: str, path: str, role: str | None, status: int
) -> None:
    answer = await stand.ask(method, path, role=role)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"]) == (status, status)
    assert {"type", "title", "detail", "instance", "code", "errors"} <= problem.keys()
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_bug_is_a_problem_too_and_goes_to_the_log(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    stand.app.state.drawings = None
    answer = await stand.ask("GET", "/v1/roads")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "AttributeError" in caplog.text


async def test_titles_are_vietnamese_unless_english_is_asked_for(stand: Stand) -> None:
    vietnamese, english = PROBLEMS["unauthenticated"][1:]
    answer = await stand.ask("GET", "/v1/trucks", role=None)
    assert answer.json()["title"] == vietnamese
    asked = {"accept-language": "en-GB, vi;q=0.3"}
    answer = await stand.ask("GET", "/v1/trucks", role=None, headers=asked)
    assert answer.json()["title"] == english


async def test_no_log_line_names_anybody(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await stand.ask("GET", "/v1/trucks/SECRET-ID?plate=68C12345")
        await stand.ask("GET", "/v1/trucks?plate=68C12345")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("api")]
    assert any("GET /v1/trucks 200" in line for line in ours)
    assert not any("68C" in line or "SECRET" in line for line in ours)


async def test_openapi_tells_every_route_its_log_in_and_its_errors(stand: Stand) -> None:
    document = (await stand.ask("GET", "/openapi.json", role=None)).json()
    assert document["openapi"].startswith("3.1")
    verbs = ("accept", "decline", "cancel", "pin", "override", "loaded", "delivered", "problem")
    owed = {
        "/v1/events",
        "/v1/lots",
        "/v1/lots/{lot_id}",
        "/v1/checkpoints/{checkpoint_id}/clearances",
        "/v1/facilities/{facility_id}/slots",
        "/v1/commands/{command_id}",
        "/v1/stream",
        "/v1/clock",
        "/v1/session",
        *(f"/v1/assignments/{{assignment_id}}/{verb}" for verb in verbs),
        *(f"/v1/{plural}" for plural in KIND_OF),
        *(f"/v1/{plural}/{{{kind}_id}}" for plural, kind in KIND_OF.items()),
    }
    named = {path.replace(":path}", "}") for path in document["paths"]}
    assert owed <= named
    ways_in = ("/v1/session/ways", "/v1/session/oidc")
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert "default" in operation["responses"]
            is_way_in = path == "/v1/session" or path.startswith(ways_in)
            assert operation["security"] or not path.startswith("/v1/") or is_way_in
    assert set(document["components"]["securitySchemes"]) == {"token", "device", "session"}


@pytest.mark.parametrize(
    ("body", "model", "from_path"),
    [
        (lots.LotBody, LotDeclared, set()),
        (lots.LotChange, LotRevised, {"lot_id"}),
        (checkpoints.ClearanceBody, Clearance, {"checkpoint_id"}),
        (facilities.SlotBody, SlotOpened, {"facility_id"}),
        (trucks.TruckChange, TruckUpdated, {"truck_id"}),
        (trucks.TruckChange, TruckStatusChanged, {"truck_id"}),
        (corridors.CorridorChange, CorridorOpened, {"corridor_id"}),
        (closures.ClosureBody, ZoneRestricted, set()),
        (assignments.Pin, AssignmentPin, FROM_PATH),
        (assignments.Override, AssignmentOverride, FROM_PATH),
        (assignments.Obstacle, AssignmentReportProblem, FROM_PATH),
    ],
)
def test_a_body_has_every_field_of_its_event(
    body: type[Fact], model: type[Fact], from_path: set[str]
) -> None:
    assert model.model_fields.keys() - body.model_fields.keys() == from_path


def test_the_bodies_of_both_kinds_of_place_have_every_field_of_a_change() -> None:
    fields = places.FacilityChange.model_fields.keys() | places.CheckpointChange.model_fields.keys()
    assert PlaceUpdated.model_fields.keys() - fields == {"place_id"}


async def test_health_and_readiness_tell_what_is_missing(stand: Stand, blind: Stand) -> None:
    assert (await stand.ask("GET", "/healthz", role=None)).json() == {"status": "ok"}
    ready = await stand.ask("GET", "/readyz", role=None)
    assert ready.json() == {"ready": True, "kafka": "ok", "redis": "ok"}
    stand.broker.is_down = True
    unready = await stand.ask("GET", "/readyz", role=None)
    assert (unready.status_code, unready.json()["errors"][0]["pointer"]) == (503, "kafka")
    unready = await blind.ask("GET", "/readyz", role=None)
    assert (unready.status_code, unready.json()["errors"][0]["pointer"]) == (503, "redis")
    assert (await blind.ask("GET", "/healthz", role=None)).status_code == 200


async def test_measures_hold_requests_and_the_counters_of_redis(stand: Stand, blind: Stand) -> None:
    assert stand.redis is not None
    stand.redis.hset("counters", mapping={"event_to_state_ms:250": 17, "odd": "x"})
    await stand.ask("GET", "/v1/trucks/T1")
    text = (await stand.ask("GET", "/metrics", role=None)).text
    assert 'harvestlane_views{name="event_to_state_ms:250"} 17.0' in text
    route = 'method="GET",route="/v1/trucks/{entity_id:path}",status="404"'
    assert f"harvestlane_http_requests_total{{{route}}} 1.0" in text
    assert (await blind.ask("GET", "/metrics", role=None)).status_code == 200


async def test_pages_load_without_a_token(stand: Stand, tmp_path: Path) -> None:
    unbuilt = await stand.ask("GET", "/haulier", role=None)
    assert unbuilt.status_code == 503
    assert "make setup" in unbuilt.text
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    for path, name in PAGES.items():
        (tmp_path / "dist" / name).write_text(f"<p>{name}", encoding="utf-8")
        page = await stand.ask("GET", path, role=None)
        assert (page.status_code, page.text) == (200, f"<p>{name}")
    (tmp_path / "dist" / "assets" / "index-Ab_1.js").write_text("1", encoding="utf-8")
    asset = await stand.ask("GET", "/assets/index-Ab_1.js", role=None)
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-type"].startswith("text/javascript")


def test_the_document_names_every_route_and_every_code(stand: Stand) -> None:
    text = (PROJECT / "docs" / "http.md").read_text(encoding="utf-8")
    table = text.partition("| status | codes |")[2].partition("\n\n")[0]
    told = {
        (int(status), code)
        for line in table.splitlines()[2:]
        for status, codes in [line.strip("| ").split(" | ")]
        for code in codes.replace("`", "").split()
    }
    assert told == {(status, code) for code, (status, *_) in PROBLEMS.items()}
    for path in stand.app.openapi()["paths"]:
        noun = path.removeprefix("/v1/").split("/")[0]
        assert noun in text
