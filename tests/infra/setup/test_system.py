"""Look for programs on machines that lack some, made of a folder of stand-ins."""

import shutil
import subprocess
from pathlib import Path

import pytest

from infra.settings import PROJECT

TOOLS = ("bash", "sed", "head", "touch", "chmod")
PROGRAMS = {
    "python3.11": "exit 0",
    "java": "echo 'openjdk version \"17.0.9\" 2023-10-17' >&2",
    "mvn": "exit 0",
    "redis-server": "exit 0",
    "node": "echo v20.1.0",
    "npm": "exit 0",
    "chromium": "exit 0",
}


class Machine:
    """A machine that has just the programs in one folder."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.calls = folder / "calls"
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or tool)
        for name, body in PROGRAMS.items():
            self.has(name, body)
        self.has("id", "echo 0")

    def has(self, name: str, body: str) -> None:
        """Put a program in place."""
        program = self.bin / name
        program.write_text(f"#!{shutil.which('bash')}\n{body}\n", encoding="utf-8")
        program.chmod(0o755)

    def lacks(self, name: str) -> None:
        """Take a program away."""
        (self.bin / name).unlink()

    def has_apt(self, *, brings: str) -> None:
        """Let apt-get note how it was called and bring one program."""
        program = self.bin / brings
        body = f"echo $* >> {self.calls}; touch {program}; chmod +x {program}"
        self.has("apt-get", body)

    def look(self) -> subprocess.CompletedProcess[str]:
        """Run the step."""
        return subprocess.run(
            ["bash", "infra/setup/system.sh"],
            cwd=PROJECT,
            env={"PATH": str(self.bin)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Make a machine that has everything."""
    return Machine(tmp_path)


def test_nothing_is_said_where_nothing_is_missing(machine: Machine) -> None:
    """A machine that is set up is left alone."""
    done = machine.look()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_root_on_debian_gets_what_is_missing(machine: Machine) -> None:
    """Packages are installed by name."""
    machine.lacks("mvn")
    machine.has_apt(brings="mvn")
    done = machine.look()
    assert done.returncode == 0
    assert done.stdout == "setup: installing maven\n"
    assert "install -y -q --no-install-recommends maven" in machine.calls.read_text("utf-8")


def test_others_on_debian_are_told_the_command(machine: Machine) -> None:
    """The line can be copied."""
    machine.lacks("redis-server")
    machine.lacks("chromium")
    machine.has_apt(brings="redis-server")
    machine.has("id", "echo 1000")
    done = machine.look()
    assert done.returncode == 1
    wanted = "sudo apt-get install -y --no-install-recommends redis-server chromium"
    assert wanted in done.stderr
    assert not machine.calls.exists()


def test_elsewhere_the_missing_programs_are_named(machine: Machine) -> None:
    """A machine without apt-get gets the names and versions."""
    machine.lacks("npm")
    done = machine.look()
    assert done.returncode == 1
    assert "please install, by your system's means: npm" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_old_java_counts_as_missing(machine: Machine) -> None:
    """Kafka 4 needs Java 17."""
    machine.has("java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    done = machine.look()
    assert "default-jre-headless" in done.stderr


def test_what_a_system_cannot_give_is_said(machine: Machine) -> None:
    """A release that is too old for us ends in a message, not in a riddle later."""
    machine.lacks("npm")
    machine.has_apt(brings="something-else")
    done = machine.look()
    assert done.returncode == 1
    assert "this system still lacks a fitting: npm" in done.stderr
