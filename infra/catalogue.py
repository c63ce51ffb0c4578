"""Write the catalogue down for other systems: JSON Schemas and `docs/asyncapi.yaml`."""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from schemas.model import Fact
from schemas.personal import HELD
from schemas.topics import CATALOGUE, DEAD_LETTERS, KEPT_TOPICS, POSTABLE, TOPICS, Topic

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FIRST_LINES = """\
# Generated from schemas/topics.py by `harvestlane topics docs`; do not edit.
"""


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write a repeated value again, as a person would."""
        return True


def render() -> dict[str, str]:
    """Write every generated document.

    Returns
    -------
    dict
        Path below `docs`, such as `schemas/lot.ready.json`, to the text of the file.
    """
    texts = {
        f"schemas/{event_type}.json": _to_json(_schema(event_type, model))
        for event_type, model in sorted(_models().items())
    }
    texts["asyncapi.yaml"] = _FIRST_LINES + yaml.dump(
        _asyncapi(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100
    )
    texts["personal-data.md"] = "\n".join(_personal()) + "\n"
    return texts


def write(docs: Path) -> list[Path]:
    """Write every generated document below a folder and remove schemas of types that are gone.

    Parameters
    ----------
    docs
        The folder `docs`.

    Returns
    -------
    list of Path
        What was written.
    """
    texts = render()
    (docs / "schemas").mkdir(parents=True, exist_ok=True)
    for stale in set((docs / "schemas").glob("*.json")) - {docs / path for path in texts}:
        stale.unlink()
    for path, text in texts.items():
        (docs / path).write_text(text, encoding="utf-8")
    return [docs / path for path in texts]


def _personal() -> Iterator[str]:
    """Write the table of personal data, as `schemas.personal` has it."""
    yield "# Personal data"
    yield ""
    yield "Written from schemas/personal.py by `harvestlane topics docs`; do not edit."
    yield "[security.md](security.md) says what else holds."
    yield ""
    yield "| what | where | why, on what ground | how long | who reads it | sealed, reads logged |"
    yield "|---|---|---|---|---|---|"
    for row in HELD:
        where = "; ".join(f"`{name}`: {kept_for(name)}" for name in row.topics)
        cells = (
            f"{row.what} (`{'` `'.join(row.fields)}`)",
            f"{' '.join(f'`{name}`' for name in row.topics)}; {row.also}",
            f"{row.why}; {row.ground}",
            f"{row.days} days" if row.days else where,
            ", ".join(row.readers),
            f"{_yes(row.is_sealed)}, {_yes(row.reads_are_logged)}",
        )
        yield f"| {' | '.join(cells)} |"


def kept_for(topic: str) -> str:
    """Say how long a topic keeps what stands in it.

    Parameters
    ----------
    topic
        Its name.
    """
    kept = CATALOGUE[topic]
    if kept.retention_ms == -1:
        return "until replaced or forgotten" if kept.compacted else "for ever"
    return f"{kept.retention_ms // 86_400_000} days"


def _yes(fact: bool) -> str:  # noqa: FBT001 - one fact
    return "yes" if fact else "no"


def _models() -> dict[str, type[Fact]]:
    return {event_type: model for topic in TOPICS for event_type, model in topic.types.items()}


def _schema(event_type: str, model: type[Fact]) -> dict[str, Any]:
    schema = model.model_json_schema(mode="validation")
    _explain(schema, schema.pop("title"))
    for name, part in schema.get("$defs", {}).items():
        _explain(part, name)
    return {
        "$schema": _DIALECT,
        "title": event_type,
        "x-topics": [topic.name for topic in TOPICS if event_type in topic.types],
        **schema,
    }


def _explain(schema: dict[str, Any], class_name: str) -> None:
    """Give each field its meaning, and not the title that only repeats its name."""
    meanings = _meanings().get(class_name, {})
    for name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        if name in meanings:
            field["description"] = meanings[name]


@cache
def _meanings() -> dict[str, dict[str, str]]:
    """Collect the sentence below each field of each fact, inherited ones too, by class name."""
    return {
        fact.__name__: {
            name: sentence
            for parent in reversed(fact.__mro__)
            if issubclass(parent, Fact)
            for name, sentence in _sentences(parent)
        }
        for fact in _facts(Fact)
    }


def _facts(fact: type[Fact]) -> Iterator[type[Fact]]:
    yield fact
    for child in fact.__subclasses__():
        yield from _facts(child)


def _sentences(fact: type[Fact]) -> Iterator[tuple[str, str]]:
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(fact))).body
    assert isinstance(definition, ast.ClassDef)
    for field, below in pairwise(definition.body):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(sentence))),
            ):
                yield name, inspect.cleandoc(sentence)


def _to_json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _asyncapi() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "harvestlane",
            "version": "1.0.0",
            "description": (
                "Every topic of harvestlane. Records are CloudEvents 1.0 in Kafka's binary mode: "
                "attributes stand in ce_ headers, the value is the data as JSON. Duplicates are "
                "known by ce_source and ce_id. Internal topics may change without notice."
            ),
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1:19092",
                "protocol": "kafka",
                "description": "The stack that `harvestlane up` runs.",
            }
        },
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": dict(operation for topic in TOPICS for operation in _operations(topic)),
        "components": {
            "schemas": {"CloudEventHeaders": _headers(), "DeadLetterHeaders": _dead_headers()}
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    kafka = {
        "topic": topic.name,
        "partitions": topic.partitions,
        "topicConfiguration": {
            "cleanup.policy": topic.cleanup,
            "retention.ms": topic.retention_ms,
        },
        "bindingVersion": "0.5.0",
    }
    return {
        "address": topic.name,
        "description": topic.purpose,
        "tags": [{"name": topic.audience}],
        "messages": _messages(topic),
        "bindings": {"kafka": kafka},
    }


def _messages(topic: Topic) -> dict[str, Any]:
    if topic.name == DEAD_LETTERS:
        return {
            "dead.letter": {
                "name": "dead.letter",
                "summary": "The bytes of a record as they came, under their original key.",
                "contentType": "application/octet-stream",
                "headers": {"$ref": "#/components/schemas/DeadLetterHeaders"},
                "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
            }
        }
    return {name: _message(topic, name, model) for name, model in topic.types.items()}


def _message(topic: Topic, event_type: str, model: type[Fact]) -> dict[str, Any]:
    key = {"type": "string", "description": _key_sentence(topic, model)}
    return {
        "name": event_type,
        "summary": (inspect.getdoc(model) or "").partition("\n")[0],
        "contentType": "application/json",
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEventHeaders"},
                {"properties": {"ce_type": {"const": event_type}}},
            ]
        },
        "payload": {"$ref": f"./schemas/{event_type}.json"},
        "bindings": {"kafka": {"key": key, "bindingVersion": "0.5.0"}},
    }


def _key_sentence(topic: Topic, model: type[Fact]) -> str:
    if topic.key not in model.model_fields:
        return "always `stack`"
    if topic.name == "checkpoint.clearance.v1":
        return "the data's truck_id; where that is null, plate:NUMBER with the plate normalised"
    if topic.name == "truck.plate.v1":
        return "plate:NUMBER with the plate normalised"
    return f"the data's {topic.key}"


def _operations(topic: Topic) -> list[tuple[str, dict[str, Any]]]:
    channel = {"$ref": f"#/channels/{topic.name}"}
    if topic.name in KEPT_TOPICS:
        sentences = {"receive": "The API reads it at start.", "send": "The API keeps it here."}
    elif topic.name == "audit.entry.v1":
        sentences = {
            "receive": "The API answers searches from it; `harvestlane audit verify` judges it.",
            "send": "The API says what is about to be done.",
        }
    elif topic.audience == "internal" or topic.name == "slot.reservation.v1":
        sentences = {"receive": "The stream workers read it.", "send": "The stream workers say it."}
    elif POSTABLE & set(topic.types):
        sentences = {
            "receive": "The stream workers read it, whoever wrote it.",
            "send": "The API says what it was given over HTTP.",
        }
    else:
        sentences = {"send": "The stream workers say it, for everybody to read."}
    return [
        (
            f"{action}.{topic.name}",
            {"action": action, "channel": channel, "summary": sentence},
        )
        for action, sentence in sentences.items()
    ]


def _headers() -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": 512}
    return {
        "type": "object",
        "description": "CloudEvents 1.0 attributes; each header is UTF-8 text.",
        "required": ["ce_id", "ce_source", "ce_specversion", "ce_type", "ce_time"],
        "properties": {
            "ce_id": {**text, "description": "Unique within ce_source."},
            "ce_source": {
                **text,
                "format": "uri-reference",
                "description": "Who says it, without white space.",
            },
            "ce_specversion": {"const": "1.0"},
            "ce_type": text,
            "ce_time": {
                "type": "string",
                "format": "date-time",
                "description": "When it happened: RFC 3339 with an offset, at most 24 h ahead.",
            },
            "ce_correlationid": {**text, "description": "The event that started the chain."},
            "ce_causationid": {**text, "description": "The event that directly caused this one."},
            "content-type": {"type": "string", "examples": ["application/json"]},
        },
    }


def _dead_headers() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "Added to the headers that the record came with.",
        "required": ["dlq_topic", "dlq_partition", "dlq_offset", "dlq_error"],
        "properties": {
            "dlq_topic": {"type": "string", "description": "The topic it came from."},
            "dlq_partition": {"type": "string", "pattern": "^[0-9]+$"},
            "dlq_offset": {"type": "string", "pattern": "^[0-9]+$"},
            "dlq_error": {"type": "string", "description": "The first thing wrong, in one line."},
        },
    }
