"""Name what can be wrong with the bytes of a pass, a list or a key."""

from __future__ import annotations

from schemas.errors import HarvestlaneError


class Unreadable(HarvestlaneError):
    """Text or bytes that are no pass, list or bulletin of ours.

    Parameters
    ----------
    layer
        Where it went wrong: `prefix`, `length`, `base45`, `zlib`, `cbor`, `cose`, `claims`.
    detail
        One sentence for whoever writes passes.
    """

    def __init__(self, layer: str, detail: str) -> None:
        super().__init__(f"{layer}: {detail}")
        self.layer = layer
        self.detail = detail


class Untrusted(HarvestlaneError):
    """A signed text that must not be believed.

    Parameters
    ----------
    code
        `unknown_key`, `unknown_algorithm`, `bad_signature`, `key_withdrawn`, `key_not_in_force` or
        `wrong_issuer`.
    detail
        One sentence for people.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class OlderList(HarvestlaneError):
    """A list that is older than the one at hand, or contradicts it."""
