"""Test the one tree of errors."""

import pytest

from schemas import errors

NAMES = (
    "MalformedEvent",
    "RefusedEvent",
    "Unavailable",
    "StackError",
    "SettingsError",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_error_is_one_of_ours_and_stands_in_the_tree(name: str) -> None:
    error = getattr(errors, name)
    assert issubclass(error, errors.HarvestlaneError)
    assert f"── {name} " in str(errors.__doc__)


def test_settings_can_be_read_and_name_a_bad_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    from infra.settings import load_settings  # noqa: PLC0415 - the import itself once failed

    monkeypatch.setenv("HARVESTLANE_PORT", "0")
    with pytest.raises(errors.SettingsError, match="HARVESTLANE_PORT"):
        load_settings()


def test_a_refusal_keeps_its_rule_and_says_it_first() -> None:
    error = errors.RefusedEvent("time_ahead", "tomorrow")
    assert (error.rule, error.detail) == ("time_ahead", "tomorrow")
    assert str(error) == "time_ahead: tomorrow"
