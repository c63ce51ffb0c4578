"""Test that the table of personal data is whole: every field that names people stands in it."""

from collections.abc import Iterator
from typing import Any

import pytest

from schemas.personal import HELD, masked_fields
from schemas.topics import CATALOGUE, TOPICS

EVERYWHERE = {name for row in HELD if row.everywhere for name in row.fields}
SUSPECT = EVERYWHERE | {
    "phone",
    "email",
    "full_name",
    "driver_name",
    "officer_name",
    "display_name",
    "licence_number",
    "identity_number",
    "ip",
}
"""Names of fields that name people wherever they stand."""


def fields(schema: dict[str, Any]) -> set[str]:
    """Return the names of all fields of a JSON Schema, at any depth."""
    return set(_fields(schema))


def _fields(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node.get("properties", {})
        for part in node.values():
            yield from _fields(part)
    elif isinstance(node, list):
        for part in node:
            yield from _fields(part)


def fields_of(topic: str) -> set[str]:
    models = CATALOGUE[topic].types.values()
    return {name for model in models for name in fields(model.model_json_schema())}


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_every_field_that_names_people_stands_in_the_table(topic: str) -> None:
    told = {name for row in HELD if topic in row.topics for name in row.fields}
    assert SUSPECT & fields_of(topic) <= told


@pytest.mark.parametrize("row", HELD, ids=lambda row: row.name)
def test_every_row_is_true(row: Any) -> None:
    assert row.topics
    for topic in row.topics:
        assert set(row.fields) & fields_of(topic), f"{topic} has none of {row.fields}"
    for name in row.fields:
        assert any(name in fields_of(topic) for topic in row.topics), f"no topic has {name}"


def test_what_is_masked_depends_on_the_topic() -> None:
    assert "note" in masked_fields("checkpoint.clearance.v1")
    assert "plate" in masked_fields("no.such.topic")
    assert "lat" in masked_fields("truck.position.v1")
    assert "lat" not in masked_fields("harvest.lot.v1")
