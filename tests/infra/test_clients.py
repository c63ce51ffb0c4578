"""The description and the Python client that stand in the repository are those of the API today."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

from api.clients.python.operations import Client
from infra.clients import DESCRIPTION, PYTHON, description, formatted, models, operations, written

RENEW = "run `make clients`"


@cache
def described() -> dict[str, Any]:
    return description()


def test_the_description_is_that_of_the_api() -> None:
    assert DESCRIPTION.read_text(encoding="utf-8") == written(described()), RENEW


def test_the_python_client_is_made_of_the_description() -> None:
    made = formatted(operations(described()))
    assert (PYTHON / "operations.py").read_text(encoding="utf-8") == made, RENEW
    assert (PYTHON / "models.py").read_text(encoding="utf-8") == formatted(models()), RENEW


def test_every_operation_has_a_name_of_its_own_and_a_method() -> None:
    paths = described()["paths"].values()
    names = Counter(one["operationId"] for verbs in paths for one in verbs.values())
    assert [name for name, times in names.items() if times > 1] == []
    assert {name for name in names if not hasattr(Client, name)} == {"stream"}
