"""The measurement of detection power: what a run of the gate is read as, what peers say, and the report."""

from __future__ import annotations

import json

import pytest

from tests.power.gate_run import GateRun
from tests.power.peers import peers_say
from tests.power.report import FaultRow, Report
from tests.power.thresholds import last, threshold
from tests.suite.faults import FAULTS
from tests.suite.processes import FAULT, python

RED = GateRun("red", 12.0, "polynomials", "float64", "enclosure", 40, 1, 2, True)
PEERS = {"slow": False, "fast": False, "opinfo": True}


@pytest.mark.parametrize(
    ("name", "slow", "fast", "opinfo"),
    [
        ("sine-off-by-9e-4", False, False, False),
        ("sigmoid-in-bfloat16", True, False, False),
        ("cosine-squares", False, True, True),
        ("convolution-with-groups", True, True, True),
        ("product-with-one-zero", False, False, True),
        ("third-tensor-of-cat", True, True, False),
    ],
)
def test_peers_say_what_they_are_known_to_say(name, slow, fast, opinfo):
    assert peers_say(FAULTS[name]) == {"slow": slow, "fast": fast, "opinfo": opinfo}


def test_the_command_catches_a_fault_and_writes_its_report(pytestconfig, tmp_path):
    run = python("-m", "tests.power", "--faults", FAULT, "--reports", tmp_path, folder=pytestconfig.rootpath)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"[1/1] {FAULT}: red" in run.stdout
    assert "caught: 1 of 1 by the gate (seed 1); 0 of 1 by gradcheck slow" in run.stdout
    (row,) = json.loads((tmp_path / "power.json").read_text())["faults"]
    assert row["gate"]["verdict"] == "red"
    assert row["gate"]["reproduced"] is True
    assert row["gate"]["operations"] <= 2
    assert row["gate"]["elements"] <= 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--faults", "nothing"), "nothing is no fault; there are product-off-by-1e-12, "),
        (("--jobs", "0"), "0: give a whole number of at least 1"),
        (("--false-alarms", "many"), "many: give a whole number of at least 1"),
    ],
)
def test_bad_input_gets_one_line(arguments, words, pytestconfig, tmp_path):
    run = python("-m", "tests.power", *arguments, "--reports", tmp_path, folder=pytestconfig.rootpath)
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("run", "disappointing"),
    [
        (RED, False),
        (GateRun("green", 60.0), True),
        (GateRun("broken", 3.0, tail="Segmentation fault"), True),
        (GateRun("red", 12.0, "laws", "float64", reproduced=False), True),
    ],
)
def test_what_is_missed_disappoints(run, disappointing):
    report = Report(1, [FaultRow(FAULTS[FAULT], run, PEERS)])
    assert report.is_disappointing() == disappointing
    assert {"red": "caught", "green": "MISSED", "broken": "BROKEN"}[run.verdict] in report.table()


@pytest.mark.parametrize(("tier", "bound"), [("exact", 2.0**-23), ("enclosure", 1e-5)])
def test_thresholds_lie_between_a_rounding_and_what_is_due(tier, bound):
    found = threshold("float32", tier, 3, 17, trials=20)
    assert 2.0**-25 < found.typical <= found.error < bound


def test_what_is_never_caught_is_no_threshold():
    with pytest.raises(AssertionError):
        last(lambda number: False, 10)
    for guess in (0, 5, 10, 40):
        found = [last(lambda number, limit=limit: number <= limit, guess) for limit in range(30)]
        assert found == list(range(30))


def test_rates_come_with_their_bound():
    alarms = [(seed, GateRun("green", 60.0)) for seed in range(50)]
    # 1 - 0.05^(1/50)
    assert "false alarms: 0 of 50 (below 5.8% with 95 % confidence)" in Report(1, alarms=alarms).summary()[0]
    assert not Report(1, alarms=alarms).is_disappointing()
    alarms[3] = (3, GateRun("red", 10.0, "polynomials", "bfloat16"))
    summary = Report(1, alarms=alarms).summary()
    assert "1 of 50 (below 9.1% with" in summary[0]
    assert [line.split(" of")[0] for line in summary[1:-1]] == [
        "  in float64: 0", "  in float32: 0", "  in bfloat16: 1", "  in float16: 0",
    ]  # fmt: skip
    assert summary[-1] == "  not green under seed 3: polynomials"
    assert Report(1, alarms=alarms).is_disappointing()
