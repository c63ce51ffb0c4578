"""Run benchmarks into documents, and the command that prints them."""

import json
import subprocess
import sys

import pytest
import typer

from infra.bench.catalogue import BENCHES, Bench, all_met, run, table
from infra.bench.measure import Measure, Outcome, Tell
from infra.cli import main
from infra.commands.bench import measure


def _toy(value: float) -> Bench:
    def take(seed: int, tell: Tell) -> Outcome:
        tell("working")
        figures = [
            Measure(name="toy_ms", value=value, unit="ms", goal=2, better="lower"),
            Measure(name="toy_seed", value=seed, unit=""),
        ]
        return Outcome(figures, {"threads": 1}, ["a toy"])

    return Bench("plays", take)


TOYS = {"good": _toy(1.23456), "bad": _toy(9.0)}


def test_the_document_has_the_fields_of_the_contract() -> None:
    """Whoever reads `--json` finds what contract.md names."""
    doc = run("good", TOYS["good"], seed=7, tell=lambda _: None)
    assert {"bench", "date", "commit", "machine", "seed", "measures"} <= doc.keys()
    assert (doc["bench"], doc["seed"]) == ("good", 7)
    assert {"name", "value", "unit", "goal", "met"} <= doc["measures"][0].keys()
    assert doc["measures"][0]["value"] == 1.235
    assert doc["measures"][1]["met"] is None
    assert doc["date"].endswith("+00:00")
    assert doc["machine"]["cores"] >= 1
    assert all_met(doc)


def test_json_is_one_object_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """No progress reaches a pipe."""
    measure("good", TOYS, seed=1, as_json=True)
    said = capsys.readouterr()
    assert json.loads(said.out)["bench"] == "good"
    assert said.out.count("\n") == 1
    assert said.err == ""


def test_an_option_reaches_the_benchmark_that_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    """What was given is passed by name, and stands in the document."""

    def take(_seed: int, _tell: Tell, minutes: float = 60) -> Outcome:
        return Outcome([Measure(name="toy_min", value=minutes, unit="min")])

    toys = {"long": Bench("lasts", take, options=("minutes",))}
    measure("long", toys, seed=1, as_json=True, minutes=3)
    doc = json.loads(capsys.readouterr().out)
    assert doc["measures"][0]["value"] == 3
    assert doc["options"] == {"minutes": 3}
    measure("long", toys, seed=1, as_json=True)
    assert json.loads(capsys.readouterr().out)["measures"][0]["value"] == 60


@pytest.mark.parametrize("as_json", [True, False])
def test_a_missed_goal_is_status_1_and_still_printed(
    capsys: pytest.CaptureFixture[str],
    as_json: bool,  # noqa: FBT001
) -> None:
    """The figure is worth the same, met or missed."""
    with pytest.raises(typer.Exit) as ended:
        measure("bad", TOYS, seed=1, as_json=as_json)
    assert ended.value.exit_code == 1
    said = capsys.readouterr().out
    assert "toy_ms" in said
    assert "9.0" in said


def test_the_table_says_which_goal_was_missed() -> None:
    """A person sees the goal beside the figure."""
    lines = list(table(run("bad", TOYS["bad"], seed=1, tell=lambda _: None)))
    assert lines[0].endswith("<= 2: MISSED")
    assert lines[-1] == "a toy"


@pytest.mark.parametrize(
    "words",
    [
        ("bench",),
        ("bench", "nope"),
        ("bench", "roads", "--seed", "x"),
        ("bench", "roads", "--minutes", "5"),
    ],
)
def test_wrong_use_is_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """An unknown benchmark, or none, is named in one line."""
    monkeypatch.setattr(sys, "argv", ["harvestlane", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1


def test_the_list_names_every_benchmark(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--list` is how one finds a name."""
    monkeypatch.setattr(sys, "argv", ["harvestlane", "bench", "--list"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == list(BENCHES)


def test_the_command_line_opens_without_heavy_packages() -> None:
    """Asking for help compiles nothing and reads no roads."""
    code = (
        "import sys, infra.cli; infra.cli.build_app();"
        "print(sorted({'numba', 'scipy', 'osmium', 'networkx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
