"""Test that what users may rely on is written down: an undocumented topic or setting fails."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from infra.cli import build_app
from infra.settings import PROJECT, Settings
from schemas.topics import TOPICS

DOCS = PROJECT / "docs"
CONTRACT = (DOCS / "contract.md").read_text(encoding="utf-8")
GLOSSARY = (DOCS / "glossary.md").read_text(encoding="utf-8")
LIBRARIES = (DOCS / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8")
PAGES_OF_TEXT = [*DOCS.rglob("*.md"), *PROJECT.glob("*.md")]


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_every_topic_stands_in_the_contract(topic: str) -> None:
    assert topic in CONTRACT


@pytest.mark.parametrize(
    "event_type", [kind for topic in TOPICS if topic.audience == "public" for kind in topic.types]
)
def test_every_public_type_stands_in_the_contract(event_type: str) -> None:
    assert f"`{event_type}`" in CONTRACT


@pytest.mark.parametrize("setting", list(Settings.model_fields))
def test_every_setting_stands_in_the_contract(setting: str) -> None:
    assert f"`HARVESTLANE_{setting.upper()}`" in CONTRACT


def _commands() -> Iterator[str]:
    app: Any = typer.main.get_command(build_app())
    for name, command in app.commands.items():
        below = getattr(command, "commands", None)
        yield from [f"{name} {part}" for part in below] if below else [name]


@pytest.mark.parametrize("command", sorted(_commands()))
def test_every_command_stands_in_the_contract(command: str) -> None:
    group = command.split(maxsplit=1)[0]
    assert f"`{command}" in CONTRACT or f"`{group}`" in CONTRACT


def _libraries() -> Iterator[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for wanted in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        yield re.split(r"[\[<>=~ ]", wanted)[0]
    pages = json.loads((PROJECT / "api" / "pages" / "package.json").read_text(encoding="utf-8"))
    yield from [*pages["dependencies"], *pages["devDependencies"]]


@pytest.mark.parametrize("library", sorted(_libraries()))
def test_every_library_has_a_line_that_says_why(library: str) -> None:
    first_cells = [line.split("|")[1] for line in LIBRARIES.splitlines() if line.startswith("| ")]
    assert any(re.search(rf"(^|[\s,]){re.escape(library)}($|[\s,(])", c) for c in first_cells)


def _rows_of_the_glossary() -> Iterator[tuple[str, str, str, str]]:
    for line in GLOSSARY.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] != "tiếng Việt":
            yield cells[0], cells[1], cells[2], cells[3]


@pytest.fixture(scope="module")
def our_words() -> set[str]:
    folders = ("schemas", "routing", "streams", "api", "infra")
    texts = (
        path.read_text(encoding="utf-8")
        for folder in folders
        for pattern in ("*.py", "*.json")
        for path in (PROJECT / folder).rglob(pattern)
        if "node_modules" not in path.parts
    )
    return {word for text in texts for word in re.findall(r"\w+", text)}


@pytest.mark.parametrize("row", list(_rows_of_the_glossary()), ids=lambda row: row[1])
def test_every_word_of_the_glossary_is_whole_and_its_code_name_exists(
    row: tuple[str, str, str, str], our_words: set[str]
) -> None:
    vietnamese, english, code, meaning = row
    assert vietnamese
    assert english.isascii()
    assert meaning
    if code not in {"planned", "–"}:
        assert code.startswith("`")
        assert code.strip("`") in our_words


def test_no_word_of_the_glossary_stands_twice() -> None:
    names = [row[0] for row in _rows_of_the_glossary()]
    assert len(names) == len(set(names)) > 50


@pytest.mark.parametrize("page", PAGES_OF_TEXT, ids=lambda page: page.name)
def test_a_page_stands_alone_and_its_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "shared/" not in text
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in link and not link.startswith("mailto:"):
            assert (page.parent / link).exists(), f"{page.name}: {link} is not there"
