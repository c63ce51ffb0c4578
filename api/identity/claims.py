"""Say what an account of an OIDC provider may be here, by claims that are configured."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from api.problems import Problem
from schemas.identity import Rights
from schemas.vocabulary import words

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class OidcConfig:
    """Name an OIDC provider and what its claims mean.

    Attributes
    ----------
    issuer
        Its address, exactly as its tokens say it.
    client_id, client_secret
        What it knows this stack by; without a secret, PKCE alone proves it.
    audience
        Whom its access tokens for this API name; without it none is taken.
    role_claim
        Path of the claim that says the role, with dots: `realm_access.roles`.
    roles
        What a value of that claim is here; without it, values are roles.
    subject_claim
        Path of the claim that says the haulier, checkpoint, declarer or facility.
    regions_claim
        Path of the claim that lists the regions; without it, everybody has all.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    audience: str | None = None
    role_claim: str = "harvestlane_role"
    roles: Mapping[str, str] = field(default_factory=dict)
    subject_claim: str = "harvestlane_subject"
    regions_claim: str | None = None

    def __post_init__(self) -> None:
        refuse_plain(self.issuer)
        if self.audience == self.client_id:
            raise ValueError("Expected an audience of its own: ID tokens name the client.")
        if unknown := sorted(set(self.roles.values()) - set(words("role"))):
            raise ValueError(f"Expected roles of {', '.join(words('role'))}; got {unknown[0]!r}.")

    def rights(self, claims: Mapping[str, Any]) -> Rights:
        """Say what an account may be.

        Parameters
        ----------
        claims
            What the provider signed of it.

        Raises
        ------
        Problem
            `no_role`, with what is missing.
        """
        named = _texts(_claim(claims, self.role_claim))
        roles = {self.roles.get(text, "") if self.roles else text for text in named}
        (*found,) = sorted(roles & set(words("role")))
        if len(found) != 1:
            what = f"{len(found)} roles of this stack" if found else "no role of this stack"
            raise Problem("no_role", f"the claim {self.role_claim} of this account names {what}")
        subject = _texts(_claim(claims, self.subject_claim))
        regions = None
        if self.regions_claim is not None:
            regions = _texts(_claim(claims, self.regions_claim))
            if not regions:
                raise Problem("no_role", f"this account has no claim {self.regions_claim}")
        try:
            return Rights(role=found[0], subject=subject[0] if subject else None, regions=regions)
        except ValidationError:
            raise Problem("no_role", "this account's subject or regions are no ids here") from None

    def user_id(self, claims: Mapping[str, Any]) -> str:
        """Name an account without saying whose it is."""
        named = f"{self.issuer} {claims['sub']}"
        return f"oidc-{hashlib.sha256(named.encode()).hexdigest()[:24]}"


def refuse_plain(url: str) -> None:
    """Refuse an address that is not encrypted, but for this machine's own.

    Raises
    ------
    ValueError
        The address is none, or plain.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (
        parts.scheme == "http" and (parts.hostname or "") in _LOOPBACK
    ):
        raise ValueError(f"Expected an address that begins with https://, got {url[:60]!r}.")


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    if path in claims:  # a name may hold dots itself, as `https://example.org/role`
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str) and text]
