"""Let an OIDC provider say who somebody is: authorization code with PKCE, and access tokens."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from api.identity.claims import OidcConfig, refuse_plain
from api.problems import Problem
from api.tokens import Actor
from schemas.identity import Rights

_log = logging.getLogger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""What is believed: signatures with a private key alone."""

_ANSWER_S = 5.0
_FRESH_S = 3_600.0
_AGAIN_S = 30.0
"""Keys that are not known are looked for so often at most, whoever sends them."""
_PAUSE_S = 2.0
_LEEWAY_S = 30
_LONGEST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Begun:
    """A log-in that was sent to the provider; the browser carries it there and back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody whom the provider knows."""

    user_id: str
    rights: Rights


class Provider:
    """Speak with one OIDC provider, found by its address alone.

    Parameters
    ----------
    config
        Its address, and what its claims mean.
    client
        What asks it; one of our own where none is given.
    """

    def __init__(self, config: OidcConfig, client: httpx.AsyncClient | None = None) -> None:
        self._config = config
        self._client = client or httpx.AsyncClient(timeout=_ANSWER_S)
        self._asking = asyncio.Lock()
        self._about: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = self._tried_at = -_FRESH_S

    async def begin(self, redirect_uri: str) -> Begun:
        """Begin a log-in.

        Parameters
        ----------
        redirect_uri
            Where the provider sends the browser back to.

        Raises
        ------
        Problem
            `provider_unavailable`.
        """
        await self._learn()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._config.client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        address = self._about["authorization_endpoint"]
        url = f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
        return Begun(url, state, nonce, verifier)

    async def finish(
        self, begun: dict[str, Any], code: str, state: str, redirect_uri: str
    ) -> Account:
        """Finish a log-in.

        Parameters
        ----------
        begun
            `state`, `nonce` and `verifier` of what was begun, as the browser carried them.
        code, state
            What the provider gave the browser.
        redirect_uri
            As for `begin`.

        Raises
        ------
        Problem
            `code_refused`, `no_role`, `provider_unavailable`.
        """
        if not hmac.compare_digest(str(begun["state"]).encode(), state.encode()):
            raise Problem("code_refused", "this answer is for another log-in; begin again")
        await self._learn()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._config.client_id,
            "code_verifier": begun["verifier"],
        }
        if self._config.client_secret is not None:
            form["client_secret"] = self._config.client_secret
        told = await self._ask("POST", self._about["token_endpoint"], data=form)
        token = told.get("id_token")
        if not isinstance(token, str):
            raise Problem("code_refused", "the provider did not take this log-in; begin again")
        try:
            claims = await self._verified(token, self._config.client_id, nonce=begun["nonce"])
        except Problem as problem:
            if problem.code == "unauthenticated":
                raise Problem("code_refused", problem.detail) from None
            raise
        self._refuse_other_party(claims)
        return Account(self._config.user_id(claims), self._config.rights(claims))

    async def access(self, token: str) -> Actor:
        """Tell whose access token this is.

        Parameters
        ----------
        token
            What the client brought.

        Raises
        ------
        Problem
            `unauthenticated`, `no_role`, `provider_unavailable`.
        """
        if self._config.audience is None:
            raise Problem("unauthenticated", "access tokens of the provider are not taken here")
        claims = await self._verified(token, self._config.audience)
        rights = self._config.rights(claims)
        return Actor(
            role=rights.role,
            subject=rights.subject,
            expires_at=float(claims["exp"]),
            user_id=self._config.user_id(claims),
            regions=None if rights.regions is None else frozenset(rights.regions),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _verified(
        self, token: str, audience: str, *, nonce: str | None = None
    ) -> dict[str, Any]:
        await self._learn()
        try:
            claims = self._decoded(token)
        except InvalidKeyIdError:  # the provider may have begun with another key
            await self._learn(not_before_s=_AGAIN_S)
            claims = self._decoded_finally(token)
        except (JoseError, ValueError) as error:
            raise _not_believed(error) from None
        options: dict[str, Any] = {
            "iss": {"essential": True, "value": self._config.issuer},
            "aud": {"essential": True, "value": audience},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "iat": {"essential": True},
        }
        if nonce is not None:
            options["nonce"] = {"essential": True, "value": nonce}
        try:
            jwt.JWTClaimsRegistry(leeway=_LEEWAY_S, **options).validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise _not_believed(error) from None
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        assert self._keys is not None
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        found = jwt.decode(token, self._keys, algorithms=list(ALGORITHMS), registry=registry)
        return found.claims

    def _decoded_finally(self, token: str) -> dict[str, Any]:
        try:
            return self._decoded(token)
        except (JoseError, ValueError) as error:
            raise _not_believed(error) from None

    def _refuse_other_party(self, claims: dict[str, Any]) -> None:
        audience = claims["aud"]
        party = claims.get("azp")
        is_shared = isinstance(audience, list) and len(audience) > 1
        if (is_shared or party is not None) and party != self._config.client_id:
            raise Problem("code_refused", "this log-in was made for another party")

    async def _learn(self, not_before_s: float = _FRESH_S) -> None:
        """Read the provider's addresses and keys, where what is known is older than this."""
        async with self._asking:
            now = time.monotonic()
            if now - self._read_at < not_before_s:
                return
            if now - self._tried_at < (_PAUSE_S if self._keys is None else _AGAIN_S):
                if self._keys is None:
                    raise _unavailable("the log-in provider did not answer just now")
                return
            self._tried_at = now
            try:
                await self._read()
            except Problem as problem:
                if self._keys is None:
                    raise
                _log.warning("the last keys of the OIDC provider count on: %s", problem.detail)
            else:
                self._read_at = now

    async def _read(self) -> None:
        issuer = self._config.issuer
        about = await self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if about.get("issuer") != issuer:
            raise _unavailable("the provider says that it is another one")
        try:
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                refuse_plain(about[name])
            keys = KeySet.import_key_set(await self._ask("GET", about["jwks_uri"]))  # type: ignore[arg-type]
        except (JoseError, KeyError, ValueError, TypeError) as error:
            raise _unavailable("what the provider says of itself cannot be read") from error
        self._about, self._keys = about, keys

    async def _ask(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            async with asyncio.timeout(_ANSWER_S):
                answer = await self._client.request(method, url, **options)
            told = answer.json() if len(answer.content) <= _LONGEST_BYTES else None
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            raise _unavailable("the log-in provider does not answer") from error
        is_refusal = method == "POST" and 400 <= answer.status_code < 500
        if not isinstance(told, dict) or not (answer.is_success or is_refusal):
            raise _unavailable("the log-in provider answers something else")
        return told


def _not_believed(error: Exception) -> Problem:
    _log.info("a token of the OIDC provider was refused: %s", type(error).__name__)
    return Problem("unauthenticated", "this token is over, or not signed for this stack")


def _unavailable(why: str) -> Problem:
    return Problem("provider_unavailable", f"{why}; try again in a moment")
