"""Find the stack of a folder by its lock, never by a file that may be stale."""

import os
from pathlib import Path

import pytest

from infra.settings import Settings
from infra.stack.record import Record, held, holder, is_locked, running_settings
from infra.supervisor import Report
from schemas.errors import StackError


def record(settings: Settings) -> Record:
    """Make a record with one process."""
    process = Report("kafka", 12, "running", ready=True)
    return Record(os.getpid(), True, settings.model_dump(mode="json"), (process,))


def test_record_is_read_while_its_writer_holds_the_folder(tmp_path: Path) -> None:
    """Other commands see what the supervisor wrote, with the settings that it runs with."""
    settings = Settings.throwaway(tmp_path)
    with held(settings):
        record(settings).write(settings)
        found = Record.read(Settings(home=tmp_path))
    assert found == record(settings)
    assert found is not None
    assert found.running_settings(Settings(home=tmp_path)) == settings


def test_the_folder_and_what_it_says_of_settings_are_for_the_owner_only(tmp_path: Path) -> None:
    """The event log holds hashes of passwords, and settings may hold a provider's secret."""
    settings = Settings.throwaway(tmp_path / "some" / "home")
    with held(settings):
        record(settings).write(settings)
        assert (settings.run_dir / "stack.json").stat().st_mode & 0o777 == 0o600
    assert settings.home.stat().st_mode & 0o777 == 0o700


def test_record_of_a_dead_supervisor_counts_for_nothing(tmp_path: Path) -> None:
    """A killed supervisor leaves its file, not its lock."""
    settings = Settings.throwaway(tmp_path)
    with held(settings):
        record(settings).write(settings)
        left = (settings.run_dir / "stack.json").read_bytes()
    (settings.run_dir / "stack.json").write_bytes(left)
    assert Record.read(settings) is None


def test_folder_is_held_by_one(tmp_path: Path) -> None:
    """The message says who has it and what to do."""
    settings = Settings.throwaway(tmp_path)
    with held(settings):
        assert is_locked(settings)
        assert holder(settings) == os.getpid()
        with (
            pytest.raises(StackError, match=rf"already runs .*pid {os.getpid()}.*down"),
            held(settings),
        ):
            pytest.fail("held twice")
    assert not is_locked(settings)


def test_new_folder_is_held_by_nobody(tmp_path: Path) -> None:
    """Asking makes nothing."""
    settings = Settings.throwaway(tmp_path / "home")
    assert not is_locked(settings)
    assert holder(settings) is None
    assert not settings.home.exists()


def test_without_a_stack_the_settings_that_were_asked_for_hold(tmp_path: Path) -> None:
    """With one, its own do."""
    settings, asked = Settings.throwaway(tmp_path), Settings.throwaway(tmp_path)
    assert running_settings(asked) is asked
    with held(settings):
        record(settings).write(settings)
        assert running_settings(asked) == settings != asked
