"""The gate as a whole: a planted fault turns it red, and a property that compares nothing fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.suite.processes import FAULT, WITH_PLANTED_FAULT, python
from tests.suite.schemas import complaints


@pytest.fixture(scope="module")
def red(pytestconfig, tmp_path_factory):
    """A run of the gate's properties of products with the fault planted: its output and its report."""
    folder = tmp_path_factory.mktemp("red")
    run = python(
        "-m", "pytest", "-p", "tests.suite.faults.plugin", "--fault", FAULT,
        "tests/properties/test_polynomials.py", "tests/properties/test_broadcasting.py",
        "--device", "cpu", "--dtype", "float64", "--hypothesis-seed", "1", f"--reports={folder}",
        folder=pytestconfig.rootpath,
    )  # fmt: skip
    return run, json.loads((folder / "gate.json").read_text())


def test_a_fault_of_one_part_in_a_trillion_turns_the_gate_red(red):
    run, report = red
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert report["verdict"] == "red"
    assert complaints("gate", report) == []
    assert len(report["findings"]) == 4
    assert {finding["tier"] for finding in report["findings"]} == {"exact", "enclosure"}
    assert "WRONG 1/1" in run.stdout
    assert "Traceback" not in run.stdout


def test_its_findings_shrink_to_two_operations_and_two_elements(red):
    for finding in red[1]["findings"]:
        program = finding["program"]
        assert len(program["applications"]) <= 2
        assert sum(len(each["tensor"]["values"]) for each in program["inputs"]) <= 2
        assert "PyTorch's gradient stands alone" in finding["message"]
        assert finding["message"] in red[0].stdout


def test_its_reproducers_exit_1_with_the_fault_and_0_without(red, pytestconfig):
    for finding in red[1]["findings"]:
        path = Path(finding["reproducer"])
        without = python(path, folder=path.parent)
        assert (without.returncode, without.stderr) == (0, "")
        present = python(*WITH_PLANTED_FAULT, path, folder=pytestconfig.rootpath)
        assert (present.returncode, present.stderr) == (1, "")


def test_an_answer_that_does_not_come_again_is_a_finding_without_a_reproducer(pytestconfig, tmp_path):
    run = python(
        "-m", "pytest", "-p", "tests.suite.faults.plugin", "--fault", "cosine-returns-a-stale-gradient",
        "tests/properties/test_operations.py", "-k", "test_operations", "--device", "cpu", "--dtype", "float64",
        "--hypothesis-seed", "1", f"--reports={tmp_path}",
        folder=pytestconfig.rootpath,
    )  # fmt: skip
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "depends on what ran before" in run.stdout
    assert "Traceback" not in run.stdout
    (finding,) = json.loads((tmp_path / "gate.json").read_text())["findings"]
    assert finding["reproducer"] is None
    assert {each["operation"] for each in finding["program"]["applications"]} == {"cos"}


EMPTY = '''
from strategies.programs import POLYNOMIALS, polynomial_programs
from tests.gate.judge import for_programs

@for_programs(polynomial_programs, made_of=POLYNOMIALS)
def test_nothing(judge, program):
    """Looks at programs and compares nothing."""
'''

RAISING = '''
import torch
from strategies.programs import POLYNOMIALS, polynomial_programs
from tests.gate.judge import for_programs

@for_programs(polynomial_programs, made_of=POLYNOMIALS)
def test_raising(judge, program):
    """PyTorch cannot do it."""
    judge.enclosed(program)

def refusing(*arguments, **keywords):
    raise RuntimeError("no backward today")

torch.autograd.backward = refusing
'''

UNREADABLE = """
import oracle.route
from oracle.kinks import kinks
from tests.properties import test_kinks as kinks_module
from tests.properties.test_kinks import test_kinks

kinks_module.kinks = lambda *place: kinks(*place)[:1]

def refusing(*arguments, **keywords):
    raise RuntimeError("no values today")

oracle.route.to_numpy = refusing
"""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (EMPTY, "nothing compared nothing on cpu in float64"),
        (RAISING, "came   RuntimeError: no backward today"),
        (UNREADABLE, "raised while its answer was read"),
    ],
)
def test_properties_that_compare_nothing_or_raise_fail(source, words, pytestconfig, tmp_path):
    path = tmp_path / "test_planted.py"
    path.write_text(source, encoding="utf-8")
    run = python(
        "-m", "pytest", "--rootdir", pytestconfig.rootpath, "--confcutdir", "/", "-p", "conftest",
        "-c", pytestconfig.rootpath / "pyproject.toml", path,
        "--dtype", "float64", "--device", "cpu", "--max-examples", "5", f"--reports={tmp_path / 'reports'}",
        folder=pytestconfig.rootpath,
    )  # fmt: skip
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    assert words in run.stdout
