"""An OIDC provider says who somebody is; nobody else does."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from redis import Redis

from api.identity.claims import OidcConfig
from api.identity.provider import Provider
from api.problems import Problem
from infra.logins import api_config
from infra.settings import Settings
from schemas.errors import SettingsError
from tests.api.conftest import Stand, standing

pytestmark = pytest.mark.integration
CLIENT, AUDIENCE = "harvestlane-pages", "https://harvestlane.example/api"
RSA = RSAKey.generate_key(2048, {"kid": "one"})
EC = ECKey.generate_key("P-256", {"kid": "two"})


def letters(raw: bytes) -> str:
    """Write bytes as tokens do."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def fields(text: str) -> dict[str, str]:
    """Read a query or a form, each of whose fields comes once."""
    return {name: texts[0] for name, texts in parse_qs(text).items()}


@dataclass
class Office:
    """A small provider: one account, keys that can be changed, and every question it was asked."""

    issuer: str = ""
    keys: list[Any] = field(default_factory=lambda: [RSA])
    claims: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    nonce: str = ""
    challenge: str = ""
    signs: Any = field(default_factory=lambda: RSA)
    alg: str = "RS256"
    is_down: bool = False

    def token(self, **changed: Any) -> str:
        """Sign an account's claims."""
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "nguyen", "aud": CLIENT, "iat": now, "exp": now + 300}
        claims |= {"harvestlane_role": "haulier", "harvestlane_subject": "H1", **self.claims}
        claims = {name: value for name, value in (claims | changed).items() if value is not None}
        header = {"alg": self.alg, "kid": self.signs.kid}
        return jwt.encode(header, claims, self.signs, algorithms=[self.alg])

    def build(self) -> FastAPI:
        """Build what answers."""
        app = FastAPI()

        @app.get("/.well-known/openid-configuration", response_model=None)
        async def about() -> Any:
            self.asked.append("about")
            if self.is_down:
                return JSONResponse({}, 500)
            ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            return {"issuer": self.issuer, **{name: f"{self.issuer}/{name}" for name in ends}}

        @app.get("/jwks_uri")
        async def jwks() -> dict[str, Any]:
            self.asked.append("keys")
            return dict(KeySet(self.keys).as_dict(private=False))

        @app.post("/token_endpoint", response_model=None)
        async def token(request: Request) -> Any:
            form = {
                name: texts[0] for name, texts in parse_qs((await request.body()).decode()).items()
            }
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = letters(digest)
            is_right = (form["code"], form["client_secret"]) == ("good", "shh")
            if not is_right or challenge != self.challenge:
                return JSONResponse({"error": "invalid_grant"}, 400)
            return {"id_token": self.token(nonce=self.nonce), "token_type": "Bearer"}

        return app


@asynccontextmanager
async def open_office(**claims: Any) -> AsyncIterator[Office]:
    """Serve a provider on a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        office = Office(f"http://127.0.0.1:{listener.getsockname()[1]}", claims=claims)
        options = uvicorn.Config(office.build(), lifespan="off", log_config=None, ws="none")
        server = uvicorn.Server(options)
        task = asyncio.create_task(server.serve([listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield office
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def stand_with(
    office: Office, redis_url: str, folder: Path, **more: Any
) -> AsyncIterator[Stand]:
    """Build an application that believes a provider."""
    config = OidcConfig(office.issuer, CLIENT, "shh", AUDIENCE, **more)
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        async with standing(redis_url, folder, redis, oidc=config) as stand:
            yield stand


async def go(stand: Stand, office: Office) -> dict[str, str]:
    """Begin a log-in, and return what the provider would send the browser back with."""
    begun = await stand.client.get("/v1/session/oidc")
    assert begun.status_code == 303
    assert begun.headers["location"].startswith(f"{office.issuer}/authorization_endpoint?")
    query = {
        name: texts[0]
        for name, texts in parse_qs(urlsplit(begun.headers["location"]).query).items()
    }
    assert (query["client_id"], query["code_challenge_method"]) == (CLIENT, "S256")
    assert query["redirect_uri"] == "http://testserver/v1/session/oidc/callback"
    office.nonce, office.challenge = query["nonce"], query["code_challenge"]
    return {"code": "good", "state": query["state"]}


async def come_back(stand: Stand, **query: str) -> httpx.Response:
    return await stand.client.get("/v1/session/oidc/callback", params=query)


async def test_an_account_of_the_provider_comes_in_and_goes_to_its_page(
    redis_url: str, tmp_path: Path
) -> None:
    async with open_office() as office, stand_with(office, redis_url, tmp_path) as stand:
        answer = await come_back(stand, **await go(stand, office))
        assert (answer.status_code, answer.headers["location"]) == (303, "/haulier")
        mine = (await stand.client.get("/v1/session")).json()
        assert (mine["role"], mine["subject"]) == ("haulier", "H1")
        (session,) = (await stand.client.get("/v1/sessions")).json()["items"]
        assert session["how"] == "oidc"
        assert "nguyen" not in session["user_id"]
        assert "harvestlane_oidc" not in stand.client.cookies
        office.asked.clear()
        assert (await come_back(stand, **await go(stand, office))).status_code == 303
        assert office.asked == []  # what it says of itself is remembered


async def test_an_answer_for_another_log_in_is_refused(redis_url: str, tmp_path: Path) -> None:
    async with open_office() as office, stand_with(office, redis_url, tmp_path) as stand:
        sent = await go(stand, office)
        for query in (
            {**sent, "state": "another"},
            {**sent, "code": "bad"},
            {"code": sent["code"]},
            {"state": sent["state"]},
            {"error": "access_denied", "state": sent["state"]},
        ):
            refused = await come_back(stand, **query)
            assert (refused.status_code, refused.json()["code"]) == (401, "code_refused"), query
        office.nonce = "replayed"
        assert (await come_back(stand, **sent)).json()["code"] == "code_refused"
        office.challenge = "of-another-browser"
        assert (await come_back(stand, **sent)).json()["code"] == "code_refused"
        sent = await go(stand, office)
        stand.client.cookies.clear()
        assert (await come_back(stand, **sent)).json()["code"] == "code_refused"
        assert (await stand.client.get("/v1/session")).status_code == 401


@pytest.mark.parametrize(
    ("claims", "more", "why"),
    [
        ({"harvestlane_role": None}, {}, "no role"),
        ({"harvestlane_role": "king"}, {}, "no role"),
        ({"harvestlane_role": ["haulier", "observer"]}, {}, "2 roles"),
        ({"harvestlane_role": "haulier"}, {"roles": {"carriers": "haulier"}}, "no role"),
        ({"harvestlane_subject": "a b"}, {}, "no ids"),
        ({}, {"regions_claim": "regions"}, "no claim regions"),
        ({"regions": ["Kiên Giang"]}, {"regions_claim": "regions"}, "no ids"),
    ],
)
def test_an_account_without_a_role_is_told_so(
    claims: dict[str, Any], more: dict[str, Any], why: str
) -> None:
    config = OidcConfig("https://id.example", CLIENT, **more)
    sound = {"harvestlane_role": "haulier", "harvestlane_subject": "H1"}
    with pytest.raises(Problem, match=why) as refused:
        config.rights(sound | claims)
    assert refused.value.code == "no_role"


def test_claims_are_found_by_paths_and_values_are_named() -> None:
    config = OidcConfig(
        "https://id.example",
        CLIENT,
        role_claim="realm_access.roles",
        roles={"nhà xe": "haulier"},
        subject_claim="https://example.org/org",
        regions_claim="regions",
    )
    claims = {
        "realm_access": {"roles": ["offline", "nhà xe"]},
        "https://example.org/org": "H1",
        "regions": ["kien-giang"],
    }
    rights = config.rights(claims)
    assert (rights.role, rights.subject, rights.regions) == ("haulier", "H1", ["kien-giang"])


@pytest.mark.parametrize(
    ("issuer", "more", "why"),
    [
        ("http://id.example", {}, "https"),
        ("id.example", {}, "https"),
        ("https://id.example", {"audience": CLIENT}, "audience"),
        ("https://id.example", {"roles": {"a": "king"}}, "roles"),
    ],
)
def test_no_provider_is_believed_that_nobody_can_trust(
    issuer: str, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        OidcConfig(issuer, CLIENT, **more)


def later(stand: Stand, seconds: float) -> None:
    """Let so much time have passed for what is known of the provider."""
    provider: Provider = stand.app.state.desk.door.provider
    provider._read_at -= seconds
    provider._tried_at -= seconds


async def asked(stand: Stand, token: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return await stand.client.get("/v1/session", headers=headers)


async def test_access_tokens_are_believed_for_this_api_alone(
    redis_url: str, tmp_path: Path
) -> None:
    async with (
        open_office(aud=AUDIENCE) as office,
        stand_with(office, redis_url, tmp_path) as stand,
    ):
        assert (await asked(stand, office.token())).json()["role"] == "haulier"
        assert (await asked(stand, office.token(aud=["x", AUDIENCE]))).status_code == 200
        past, ahead = int(time.time()) - 3_600, int(time.time()) + 3_600
        for changed in (
            {"aud": CLIENT},
            {"aud": "https://other.example"},
            {"aud": None},
            {"iss": "https://evil.example"},
            {"iss": None},
            {"exp": past},
            {"exp": None},
            {"sub": None},
            {"nbf": ahead},
            {"iat": "yesterday"},
        ):
            refused = await asked(stand, office.token(**changed))
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated"), (
                changed
            )
        none = await asked(stand, office.token(harvestlane_role="king"))
        assert (none.status_code, none.json()["code"]) == (403, "no_role")


async def test_a_signature_by_anything_but_the_providers_key_is_refused(
    redis_url: str, tmp_path: Path
) -> None:
    async with (
        open_office(aud=AUDIENCE) as office,
        stand_with(office, redis_url, tmp_path) as stand,
    ):
        sound = office.token()
        head, body, signature = sound.split(".")
        office.signs = RSAKey.generate_key(2048, {"kid": "one"})
        foreign = office.token()
        flat, shared = (letters(b'{"alg":"%b","kid":"one"}' % alg) for alg in (b"none", b"HS256"))
        text = f"{shared}.{body}"
        mac = hmac.digest(RSA.as_pem(private=False), text.encode(), "sha256")
        confused = f"{text}.{letters(mac)}"
        shuffled = signature[8:] + signature[:8]
        for bad in (
            f"{head}.{body}.{shuffled}",
            f"{head}.{body}.",
            f"{flat}.{body}.",
            f"{flat}.{body}.{signature}",
            confused,
            foreign,
            "a.b.c",
            f"{sound}.{signature}.x",
        ):
            refused = await asked(stand, bad)
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated"), bad
        assert (await asked(stand, sound)).status_code == 200


async def test_a_new_key_is_learnt_once_and_strange_ones_are_not_asked_for_again(
    redis_url: str, tmp_path: Path
) -> None:
    async with (
        open_office(aud=AUDIENCE) as office,
        stand_with(office, redis_url, tmp_path) as stand,
    ):
        old = office.token()
        assert (await asked(stand, old)).status_code == 200
        later(stand, 60)
        office.keys, office.signs, office.alg = [EC], EC, "ES256"
        assert (await asked(stand, office.token())).status_code == 200
        assert (await asked(stand, old)).status_code == 401
        assert office.asked.count("keys") == 2
        office.signs = ECKey.generate_key("P-256", {"kid": "strange"})
        for _ in range(3):
            assert (await asked(stand, office.token())).status_code == 401
        assert office.asked.count("keys") == 2


async def test_while_the_provider_is_away_its_last_keys_count_on(
    redis_url: str, tmp_path: Path
) -> None:
    async with (
        open_office(aud=AUDIENCE) as office,
        stand_with(office, redis_url, tmp_path) as stand,
    ):
        office.is_down = True
        answer = await stand.client.get("/v1/session/oidc")
        assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
        office.is_down = False
        assert (await stand.client.get("/v1/session/oidc")).status_code == 503
        assert office.asked == ["about"]  # many that wait do not ask one after another
        later(stand, 3)
        assert (await asked(stand, office.token())).status_code == 200
        office.is_down = True
        later(stand, 7_200)
        assert (await asked(stand, office.token())).status_code == 200


async def test_a_provider_that_names_another_issuer_is_not_believed(
    redis_url: str, tmp_path: Path
) -> None:
    async with open_office() as office, stand_with(office, redis_url, tmp_path) as stand:
        office.issuer = "https://id.example"
        answer = await stand.client.get("/v1/session/oidc")
        assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")


async def test_a_stack_without_a_provider_says_so(stand: Stand) -> None:
    assert (await stand.client.get("/v1/session/oidc")).status_code == 404
    office = Office("https://id.example", claims={"aud": AUDIENCE})
    assert (await asked(stand, office.token())).status_code == 401


def test_settings_name_the_provider_whole(tmp_path: Path) -> None:
    said = {"home": tmp_path, "oidc_issuer": "https://id.example", "oidc_client_id": CLIENT}
    file = tmp_path / "client-secret"
    file.write_text("shh\n", encoding="utf-8")
    roles = "nhà xe=haulier,chốt=checkpoint_officer"
    settings = Settings(**said, oidc_roles=roles, oidc_client_secret_file=file)
    assert "shh" not in f"{settings} {settings.variables()} {api_config(settings)}"
    found = api_config(settings).oidc
    assert found is not None
    assert found.roles == {"nhà xe": "haulier", "chốt": "checkpoint_officer"}
    assert found.client_secret == "shh"  # noqa: S105
    for wrong in (
        {"oidc_client_id": None},
        {"oidc_issuer": "http://x"},
        {"oidc_roles": "a=king"},
        {"oidc_client_secret_file": tmp_path / "none"},
    ):
        with pytest.raises(SettingsError, match="HARVESTLANE_OIDC"):
            api_config(Settings(**{**said, **wrong}))
