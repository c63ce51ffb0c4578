"""Test that the written catalogue is fresh, whole, and such as AsyncAPI and its tools expect."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import catalogue
from infra.settings import PROJECT
from schemas.topics import POSTABLE, TOPICS

DOCS = PROJECT / "docs"
TEXTS = catalogue.render()
ASYNCAPI: dict[str, Any] = yaml.safe_load(TEXTS["asyncapi.yaml"])
TYPES = sorted({event_type for topic in TOPICS for event_type in topic.types})


@pytest.mark.parametrize("path", sorted(TEXTS))
def test_a_written_document_is_fresh(path: str) -> None:
    found = (DOCS / path).read_text(encoding="utf-8") if (DOCS / path).exists() else None
    assert found == TEXTS[path], f"docs/{path} is stale: run `harvestlane topics docs`"


def test_no_schema_is_left_of_a_type_that_is_gone() -> None:
    written = {f"schemas/{path.name}" for path in (DOCS / "schemas").iterdir()}
    assert written == {path for path in TEXTS if path.startswith("schemas/")}


def test_writing_makes_every_document_and_removes_stale_ones(tmp_path: Path) -> None:
    stale = tmp_path / "schemas" / "lot.weighed.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    written = catalogue.write(tmp_path)
    assert not stale.exists()
    assert {path.relative_to(tmp_path).as_posix() for path in written} == set(TEXTS)
    assert all((tmp_path / path).read_text(encoding="utf-8") == TEXTS[path] for path in TEXTS)


# JSON Schemas


@pytest.mark.parametrize("event_type", TYPES)
def test_every_type_has_a_schema_that_describes_an_object(event_type: str) -> None:
    schema = json.loads(TEXTS[f"schemas/{event_type}.json"])
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == event_type
    assert schema["type"] == "object"
    assert schema["description"]
    assert schema["x-topics"] == [topic.name for topic in TOPICS if event_type in topic.types]
    assert set(schema["required"]) <= set(schema["properties"])


@pytest.mark.parametrize("event_type", TYPES)
def test_every_reference_of_a_schema_leads_somewhere(event_type: str) -> None:
    schema = json.loads(TEXTS[f"schemas/{event_type}.json"])
    for reference in _references(schema):
        assert _follow(schema, reference) is not None


def test_a_fields_meaning_stands_in_its_schema_also_where_it_is_inherited() -> None:
    proposed = json.loads(TEXTS["schemas/assignment.proposed.json"])["properties"]
    assert proposed["breaks"]["description"] == "Planned breaks in driving."
    accept = json.loads(TEXTS["schemas/assignment.accept.json"])["properties"]
    assert accept["actor"]["description"] == "Who asks: ``role:subject``."


def test_a_vocabulary_is_closed_in_a_schema() -> None:
    declared = json.loads(TEXTS["schemas/lot.declared.json"])["properties"]
    assert "blood_cockle" in declared["product"]["enum"]
    assert declared["temperature"]["enum"] == ["ambient", "chilled", "frozen"]


# AsyncAPI 3.0, by the rules of its specification that concern this document


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _references(part)


def _follow(document: dict[str, Any], reference: str) -> Any:
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def test_the_document_has_the_parts_of_asyncapi_3_and_no_others() -> None:
    assert ASYNCAPI["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(ASYNCAPI["info"])
    allowed = {
        "asyncapi",
        "info",
        "defaultContentType",
        "servers",
        "channels",
        "operations",
        "components",
    }
    assert set(ASYNCAPI) <= allowed
    for server in ASYNCAPI["servers"].values():
        assert {"host", "protocol"} <= set(server)


def test_every_topic_is_a_channel_with_its_settings() -> None:
    assert list(ASYNCAPI["channels"]) == [topic.name for topic in TOPICS]
    for topic in TOPICS:
        channel = ASYNCAPI["channels"][topic.name]
        kafka = channel["bindings"]["kafka"]
        assert channel["address"] == kafka["topic"] == topic.name
        assert kafka["partitions"] == topic.partitions
        assert kafka["topicConfiguration"] == {
            "cleanup.policy": topic.configs["cleanup.policy"].split(","),
            "retention.ms": topic.retention_ms,
        }
        assert channel["tags"] == [{"name": topic.audience}]


def test_every_type_is_a_message_of_its_channel_with_headers_payload_and_key() -> None:
    for topic in TOPICS:
        messages = ASYNCAPI["channels"][topic.name]["messages"]
        assert set(messages) == set(topic.types or ["dead.letter"])
        for name, message in messages.items():
            assert message["name"] == name
            assert message["summary"]
            assert message["bindings"]["kafka"]["key"]["type"] == "string"
            assert "headers" in message
            assert ("payload" in message) == bool(topic.types)


def test_every_reference_of_the_document_leads_somewhere() -> None:
    references = set(_references(ASYNCAPI))
    assert references
    for reference in references:
        if reference.startswith("#/"):
            assert _follow(ASYNCAPI, reference) is not None
        else:
            assert reference.removeprefix("./") in TEXTS


def test_every_operation_sends_or_receives_on_a_channel() -> None:
    for name, operation in ASYNCAPI["operations"].items():
        action, _, topic = name.partition(".")
        assert operation["action"] == action
        assert action in {"send", "receive"}
        assert operation["channel"] == {"$ref": f"#/channels/{topic}"}
    heard = {name for name in ASYNCAPI["operations"] if name.startswith("receive.")}
    assert {f"receive.{topic.name}" for topic in TOPICS if POSTABLE & set(topic.types)} <= heard


def test_names_are_such_as_tools_can_refer_to() -> None:
    allowed = re.compile(r"[\w.-]+")
    names = [*ASYNCAPI["channels"], *ASYNCAPI["operations"], *ASYNCAPI["components"]["schemas"]]
    assert all(allowed.fullmatch(name) for name in names)


def test_the_headers_that_intake_demands_are_required() -> None:
    headers = ASYNCAPI["components"]["schemas"]["CloudEventHeaders"]
    assert set(headers["required"]) == {
        f"ce_{name}" for name in ("id", "source", "specversion", "type", "time")
    }
    dead = ASYNCAPI["components"]["schemas"]["DeadLetterHeaders"]
    assert set(dead["required"]) == {
        f"dlq_{name}" for name in ("topic", "partition", "offset", "error")
    }
