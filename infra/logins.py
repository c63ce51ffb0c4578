"""Make what lets somebody in: tokens for scripts, one-time links for browsers."""

from __future__ import annotations

from api.config import ApiConfig
from api.identity.claims import OidcConfig
from api.tokens import LOGIN_S, TOKEN_S, make_token
from infra.readiness import Readiness
from infra.settings import PROJECT, Settings
from schemas.errors import SettingsError

PAGES_DIR = PROJECT / "api" / "pages" / "dist"
"""Where the front end's build leaves the pages."""


def one_time_link(
    settings: Settings, role: str, subject: str | None = None, page: str = "/"
) -> str:
    """Make a link that logs a browser in once, within an hour.

    Parameters
    ----------
    settings
        Name the stack.
    role
        A word of the vocabulary's roles.
    subject
        The haulier, driver, checkpoint, declarer or facility that it is for.
    page
        Where it leads after the log-in, such as `/haulier`.

    Returns
    -------
    str
        The link; the code stands behind `#`, which browsers keep to themselves.

    Raises
    ------
    SettingsError
        Where a role, subject or page is none.
    """
    try:
        code = make_token(
            settings.signing_secret(), role, subject, use="login", ttl_s=LOGIN_S, page=page
        )
    except ValueError as error:
        raise SettingsError(str(error)) from error
    return f"{settings.base_url}/login#{code}"


def script_token(
    settings: Settings, role: str, subject: str | None = None, *, ttl_s: float = TOKEN_S
) -> str:
    """Make a token for a script, to be sent as `Authorization: Bearer TOKEN`.

    Parameters
    ----------
    settings
        Name the stack.
    role
        A word of the vocabulary's roles.
    subject
        The haulier, driver, checkpoint, declarer or facility that it is for.
    ttl_s
        How long it holds, in seconds.

    Raises
    ------
    SettingsError
        Where a role, subject or time is none.
    """
    try:
        return make_token(settings.signing_secret(), role, subject, ttl_s=ttl_s)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def api_config(settings: Settings) -> ApiConfig:
    """Say what the API process of a stack has to know.

    Parameters
    ----------
    settings
        Name the stack.

    Raises
    ------
    SettingsError
        Where the OIDC provider is not named whole.
    """
    return ApiConfig(
        bootstrap=settings.bootstrap_servers,
        redis_url=settings.redis_url,
        secret=settings.signing_secret(),
        network_dir=settings.network,
        pages_dir=PAGES_DIR,
        clock=settings.clock,
        rate_per_minute=settings.rate_per_minute,
        oidc=_oidc(settings),
        osrm_table_size=settings.osrm_table_size,
        passes_dir=settings.home / "passes",
        keys_path=settings.keys_path,
        heads_path=settings.heads_path,
        cors_origins=tuple(filter(None, settings.cors_origins.split(","))),
        device_query_ids=settings.device_query_ids,
        webhook_http=settings.webhook_http,
        on_ready=Readiness(settings.readiness_path("api")).write,
    )


def _oidc(settings: Settings) -> OidcConfig | None:
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_id is None:
        raise SettingsError("HARVESTLANE_OIDC_CLIENT_ID: set it, or unset HARVESTLANE_OIDC_ISSUER")
    pairs = (pair.split("=") for pair in settings.oidc_roles.split(",") if pair)
    file = settings.oidc_client_secret_file
    try:
        return OidcConfig(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=file.read_text(encoding="utf-8").strip() if file else None,
            audience=settings.oidc_audience,
            role_claim=settings.oidc_role_claim,
            roles=dict(pairs),
            subject_claim=settings.oidc_subject_claim,
            regions_claim=settings.oidc_regions_claim,
        )
    except OSError as error:
        why = f"{file} cannot be read ({error.strerror})"
        raise SettingsError(f"HARVESTLANE_OIDC_CLIENT_SECRET_FILE: {why}") from error
    except ValueError as error:
        raise SettingsError(f"HARVESTLANE_OIDC_*: {error}") from error
