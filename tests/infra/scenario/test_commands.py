"""Make and name scenarios on the command line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import build_app
from infra.scenario.run import begin_or_resume, find_script
from infra.scenario.script import ScenarioError
from infra.settings import Settings
from tests.infra.scenario.conftest import NAME


def test_generate_says_what_it_wrote(tmp_path: Path, demo_path: Path) -> None:
    """The command writes the same file as the function, and tells what to expect of it."""
    out = tmp_path / "day.jsonl"
    result = CliRunner().invoke(build_app(), ["scenario", "generate", NAME, "--out", str(out)])
    assert result.exit_code == 0
    assert "166 lots" in result.output
    assert out.read_bytes() == demo_path.read_bytes()


def test_a_name_makes_its_file_in_the_stacks_folder_once(tmp_path: Path) -> None:
    """A known scenario is generated where it is missing, and then kept."""
    settings = Settings(home=tmp_path)
    path = find_script(settings, NAME)
    written = path.stat().st_mtime_ns
    assert path.parent == tmp_path / "scenario"
    assert find_script(settings, NAME).stat().st_mtime_ns == written


def test_neither_file_nor_scenario_is_one_clear_line(tmp_path: Path) -> None:
    """The error names the scenarios there are."""
    with pytest.raises(ScenarioError, match=NAME):
        find_script(Settings(home=tmp_path), "atlantis")


def test_a_run_is_kept_and_bound_to_its_file(tmp_path: Path, demo_path: Path) -> None:
    """The same file finds its run again; a changed file is refused with what to do."""
    settings = Settings(home=tmp_path)
    path = tmp_path / "day.jsonl"
    path.write_bytes(demo_path.read_bytes())
    run, kept = begin_or_resume(settings, path)
    run.but(position=7).save(kept)
    again, _ = begin_or_resume(settings, path)
    assert (again.run_id, again.position) == (run.run_id, 7)
    path.write_bytes(demo_path.read_bytes() + b"\n")
    with pytest.raises(ScenarioError, match="remove"):
        begin_or_resume(settings, path)
