"""Who is unknown is looked at as whoever is known: the same work, and never let in."""

from __future__ import annotations

from argon2 import extract_parameters
from argon2.low_level import Type

from api.identity.passwords import Passwords


async def test_an_unknown_name_costs_the_same_work_as_a_wrong_password() -> None:
    """Both are one comparison with a hash of the same parameters; no clock is asked."""
    passwords = Passwords()
    kept = await passwords.hash("khóm Cầu Đúc ngon lắm")
    assert not await passwords.matches(kept, "wrong")
    assert not await passwords.matches(None, "wrong")
    stand_in = passwords._nobodys
    assert stand_in is not None
    assert extract_parameters(stand_in) == extract_parameters(kept)
    assert not await passwords.matches(None, "nobody's")  # though the comparison itself holds


async def test_a_hash_is_made_as_owasp_asks() -> None:
    parameters = extract_parameters(await Passwords().hash("a"))
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost) >= (19_456, 2)
    assert (parameters.salt_len, parameters.hash_len) >= (16, 32)
