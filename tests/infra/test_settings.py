"""Read settings, hand them on, keep stacks apart."""

from datetime import timedelta
from pathlib import Path

import pytest

from infra.logins import api_config
from infra.settings import Settings, free_ports, load_settings
from schemas.errors import SettingsError


def test_defaults_are_the_addresses_of_the_contract() -> None:
    """The pages stand on port 8000 of this machine."""
    assert Settings().base_url == "http://127.0.0.1:8000"


def test_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says which variable and why."""
    monkeypatch.setenv("HARVESTLANE_PORT", "many")
    with pytest.raises(SettingsError, match=r"HARVESTLANE_PORT: .*integer.*; correct or unset it"):
        load_settings()


def test_what_is_over_is_kept_for_so_many_days(tmp_path: Path) -> None:
    assert Settings(home=tmp_path, keep_days=1.5).kept == timedelta(hours=36)


def test_child_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a stack was made with reaches its processes by their environment."""
    monkeypatch.setenv("HARVESTLANE_WORKERS", "7")
    settings = Settings.throwaway(tmp_path, workers=3, clock_speed=30.0)
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == settings


@pytest.mark.parametrize(("said", "meters"), [("on", True), ("off", False)])
def test_metering_is_on_or_off(monkeypatch: pytest.MonkeyPatch, said: str, meters: object) -> None:
    """And a child hears it as it was said."""
    monkeypatch.setenv("HARVESTLANE_METERING", said)
    settings = Settings()
    assert settings.metering is meters
    for name, value in settings.variables().items():
        monkeypatch.setenv(name, value)
    assert Settings().metering is meters


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", ()),
        ("*", ("*",)),
        ("https://a.vn, http://[::1]:5173,", ("https://a.vn", "http://[::1]:5173")),
    ],
)
def test_other_sites_are_named_by_their_origins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, told: tuple[str, ...]
) -> None:
    """And a child hears of them, too."""
    monkeypatch.setenv("HARVESTLANE_CORS_ORIGINS", said)
    settings = Settings(home=tmp_path)
    for name, value in settings.variables().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings
    assert api_config(settings).cors_origins == told


@pytest.mark.parametrize(
    "said", ["a.vn", "https://a.vn/", "null", "https://a.vn b", "https://*.vn"]
)
def test_what_is_no_origin_is_refused(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """A browser would never send it."""
    monkeypatch.setenv("HARVESTLANE_CORS_ORIGINS", said)
    with pytest.raises(SettingsError, match=r"HARVESTLANE_CORS_ORIGINS: .*https://example\.vn"):
        load_settings()


def test_existing_broker_is_never_inherited_by_a_throwaway_stack(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tests and demos run beside everything else."""
    monkeypatch.setenv("HARVESTLANE_KAFKA", "elsewhere:9092")
    settings = Settings.throwaway(tmp_path)
    assert settings.kafka is None
    assert settings.bootstrap_servers == f"127.0.0.1:{settings.kafka_port}"


def test_three_brokers_have_ports_of_their_own(tmp_path: Path) -> None:
    """Those of the second and third follow from the first's."""
    settings = Settings.throwaway(tmp_path, brokers=3)
    ports = {*settings.kafka_ports, *settings.kafka_controller_ports}
    assert len(ports) == 6
    assert settings.bootstrap_servers.count("127.0.0.1:") == 3
    assert not ports & {settings.port, settings.redis_port}


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("BROKERS", "2", r"HARVESTLANE_BROKERS: Expected 1 or 3"),
        ("KAFKA_CONTROLLER_PORT", "19096", r"HARVESTLANE_\*: Expected different ports"),
    ],
)
def test_brokers_that_cannot_be_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    """Two brokers confirm nothing when one dies; two of them cannot share a port."""
    monkeypatch.setenv(f"HARVESTLANE_{name}", value)
    with pytest.raises(SettingsError, match=why):
        load_settings(**({} if name == "BROKERS" else {"brokers": 3}))


def test_free_ports_differ() -> None:
    """No port is given twice at once."""
    assert len(set(free_ports(8))) == 8


def test_secret_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    """Every process of a stack signs with the same key."""
    settings = Settings.throwaway(tmp_path / "home")
    first = settings.signing_secret()
    assert settings.signing_secret() == first
    assert len(first) == 32
    assert settings.secret_path.stat().st_mode & 0o077 == 0


def test_a_new_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    settings = Settings.throwaway(tmp_path / "some" / "home")
    settings.signing_secret()
    assert settings.home.stat().st_mode & 0o777 == 0o700
