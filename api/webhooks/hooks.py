"""Know a hook's owner, what it follows, and the secret that signs what it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from datetime import datetime, timedelta
from typing import get_args

from standardwebhooks import Webhook

from api.identity import keys, users
from api.kept import Kept
from api.sight import Sight
from api.tokens import Actor
from schemas.identity import ApiKey, User
from schemas.webhook import Hook, HookKind

HOOKS, CURSORS = "webhook.hook.v1", "webhook.cursor.v1"

KINDS: tuple[str, ...] = get_args(HookKind)
TOPIC_OF: dict[str, str] = {
    kind: "alert.v1" if kind == "alert" else f"{kind}.state.v1" for kind in KINDS
}
"""Where the changes of each kind are read."""

OLD_SECRET_FOR = timedelta(hours=24)
"""So long what is told is signed by the secret before, too."""


def owner(hook: Hook) -> Actor:
    """Give the one with whose eyes a hook looks.

    Parameters
    ----------
    hook
        The hook.
    """
    return Actor(
        role=hook.role,
        subject=hook.subject,
        expires_at=math.inf,
        user_id=hook.user_id,
        key_id=hook.key_id,
        regions=None if hook.regions is None else frozenset(hook.regions),
    )


def stands(kept: Kept, hook: Hook, now: datetime) -> bool:
    """Tell whether a hook's owner is still what it was as it made the hook.

    Parameters
    ----------
    kept
        Where users and keys last.
    hook
        The hook.
    now
        The wall clock's time, in UTC.
    """
    if hook.key_id is not None:
        key: ApiKey | None = kept.get(keys.TOPIC, hook.key_id)
        return key is not None and key.expires_at > now
    user: User | None = kept.get(users.TOPIC, hook.user_id) if hook.user_id is not None else None
    if user is None:  # a script's token, or somebody whom an OIDC provider knows
        return True
    was = (hook.role, hook.subject, hook.regions)
    return user.status == "active" and (user.role, user.subject, user.regions) == was


def wanted(hook: Hook) -> tuple[str, ...]:
    """Name the kinds that a hook is told of."""
    return tuple(hook.kinds) or KINDS


def topics(hook: Hook) -> tuple[str, ...]:
    """Name the topics to be read for a hook: what it is told of, and what that rests on."""
    kinds = {*wanted(hook), *Sight(owner(hook)).decided_by}
    return tuple(TOPIC_OF[kind] for kind in KINDS if kind in kinds)


def secret(stack_secret: bytes, hook_id: str, generation: int) -> str:
    """Give a hook's secret as its receiver needs it, `whsec_…`.

    Parameters
    ----------
    stack_secret
        The stack's signing secret, which it follows from.
    hook_id, generation
        Which hook's, and the how manyth.
    """
    named = f"webhook {hook_id} {generation}".encode()
    derived = hmac.new(stack_secret, named, hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(derived).decode()}"


def headers(
    stack_secret: bytes, hook: Hook, message_id: str, body: bytes, now: datetime
) -> dict[str, str]:
    """Sign a message by the Standard Webhooks specification.

    Parameters
    ----------
    stack_secret
        As for `secret`.
    hook
        Whom it is for.
    message_id
        The same for every attempt.
    body
        What is sent.
    now
        The wall clock's time, in UTC: receivers refuse what is older than five minutes.
    """
    generations = [hook.generation]
    if hook.rotated_at is not None and now - hook.rotated_at < OLD_SECRET_FOR:
        generations.append(hook.generation - 1)
    signatures = [
        Webhook(secret(stack_secret, hook.hook_id, generation)).sign(message_id, now, body.decode())
        for generation in generations
    ]
    return {
        "content-type": "application/json",
        "user-agent": "harvestlane-webhooks",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
