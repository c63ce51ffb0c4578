"""Users, sessions and keys outlive the API's process, in a real Kafka."""

from __future__ import annotations

import httpx
import pytest

from api.config import COOKIE
from api.identity.cookies import REFRESH
from infra.logins import one_time_link, script_token
from infra.settings import Settings
from infra.stack import Stack
from tests.api.identity.people import OTHER, PASSWORD
from tests.api.test_server import serving

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def browser(settings: Settings) -> httpx.Client:
    """Give a browser without a log-in."""
    return httpx.Client(base_url=settings.base_url, timeout=20)


def test_what_was_said_before_a_restart_counts_after_it(broker: Stack) -> None:
    settings = broker.settings
    chief = {"authorization": f"Bearer {script_token(settings, 'administrator')}"}
    with browser(settings) as mine, browser(settings) as gone, browser(settings) as renewed:
        with serving(settings):
            rights = {"role": "observer", "regions": ["kien-giang"]}
            body = {"login": "lasting", **rights}
            told = mine.post("/v1/users", json=body, headers=chief).json()
            assert mine.post("/v1/session", json={"code": told["code"]}).status_code == 200
            assert mine.post("/v1/session/password", json={"password": PASSWORD}).status_code == 200
            for each in (gone, renewed):
                code = one_time_link(settings, "haulier", "H1").partition("#")[2]
                assert each.post("/v1/session", json={"code": code}).status_code == 200
            copied = dict(gone.cookies)
            assert gone.delete("/v1/session").status_code == 204
            gone.cookies.update(copied)
            for _ in range(2):
                del renewed.cookies[COOKIE]
                assert renewed.get("/v1/session").status_code == 200
            key = mine.post("/v1/keys", json=rights, headers=chief).json()
            taken = mine.post("/v1/keys", json=rights, headers=chief).json()
            path = f"/v1/keys/{taken['key']['key_id']}"
            assert mine.delete(path, headers=chief).status_code == 204
        with serving(settings):
            assert mine.get("/v1/session").json()["regions"] == ["kien-giang"]
            assert gone.get("/v1/session").status_code == 401
            del renewed.cookies[COOKIE]
            assert renewed.get("/v1/session").status_code == 200
            assert {COOKIE, REFRESH} == set(renewed.cookies)
            for made, status in ((key, 200), (taken, 401)):
                headers = {"authorization": f"Bearer {made['secret']}"}
                assert gone.get("/v1/session", headers=headers).status_code == status
            for password, status in ((OTHER, 401), (PASSWORD, 200)):
                body = {"login": "lasting", "password": password}
                assert mine.post("/v1/session", json=body).status_code == status
