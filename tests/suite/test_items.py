"""Items: one for each operation, dtype and target, none of which hides another or passes although it is empty."""

from __future__ import annotations

import json
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from oracle.operations import OPERATIONS
from tests.gate.record import Record, run_and_record
from tests.suite.processes import python

OPERATIONS_FILE = "tests/properties/test_operations.py"


def items(*names, of="test_operations", dtype="float64"):
    return [f"{OPERATIONS_FILE}::{of}[{name}-{dtype}-cpu]" for name in names]


def gate(pytestconfig, folder, *arguments, plugin=""):
    if plugin:
        (folder / "planted.py").write_text(plugin, encoding="utf-8")
        arguments = ("-p", "planted", *arguments)
    return python(
        "-m", "pytest", *arguments, "--device", "cpu", "--max-examples", "20", "--hypothesis-seed", "1",
        f"--reports={folder / 'reports'}",
        folder=pytestconfig.rootpath, variables={"PYTHONPATH": str(folder)},
    )  # fmt: skip


def report(folder):
    return json.loads((folder / "reports" / "gate.json").read_text(encoding="utf-8"))


def collected(pytestconfig, folder, *arguments):
    run = gate(pytestconfig, folder, "tests/properties", "--collect-only", "-q", *arguments)
    assert run.returncode == 0, run.stdout + run.stderr
    return [line.partition("::")[2] for line in run.stdout.splitlines() if "::" in line]


def test_every_operation_has_an_item_in_each_dtype(pytestconfig, tmp_path):
    names = collected(pytestconfig, tmp_path, "--dtype", "float64,bfloat16")
    for of in ("test_operations", "test_definitions", "test_bookkeeping_of_operations"):
        for dtype in ("float64", "bfloat16"):
            assert {f"{of}[{name}-{dtype}-cpu]" for name in OPERATIONS} <= set(names)
    assert "test_long_sums[sum-bfloat16-cpu]" in names
    assert "test_long_sums[exp-bfloat16-cpu]" not in names
    assert "test_sixteen_bit_sweep[exp-bfloat16-cpu]" in names
    assert "test_kinks[relu-float64-cpu]" in names
    assert "test_ties[amax-float64-cpu]" in names
    assert "test_reductions[float64-cpu]" in names
    assert len(names) == len(set(names))


CRASHING = """
[[issue]]
name = "exponential-crashes"
kind = "crashes"
operations = ["exp"]
dtypes = ["float64"]
reason = "It ends the process."
"""


def test_an_operation_that_a_known_issue_takes_out_has_no_item(pytestconfig, tmp_path):
    path = tmp_path / "issues.toml"
    path.write_text(CRASHING, encoding="utf-8")
    names = collected(pytestconfig, tmp_path, "--dtype", "float64,float32", f"--known-issues={path}")
    assert not [name for name in names if "[exp-float64" in name]
    assert {"test_operations[exp-float32-cpu]", "test_operations[exp2-float64-cpu]"} <= set(names)


@pytest.mark.parametrize("processes", ["0", "2"])
def test_every_wrong_operation_is_found_in_one_run(processes, pytestconfig, tmp_path):
    run = gate(
        pytestconfig, tmp_path, "-p", "tests.suite.faults.plugin", "--fault", "sine-off-by-1e-9,cosine-squares",
        *items("exp", "sin", "cos", "log"), "-n", processes, f"--junitxml={tmp_path / 'junit.xml'}",
    )  # fmt: skip
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    assert "WRONG 2/4" in run.stdout
    content = report(tmp_path)
    (row,) = content["properties"]
    assert (row["property"], row["items"], row["failed"], row["outcome"]) == ("operations", 4, 2, "failed")
    found = [{each["operation"] for each in finding["program"]["applications"]} for finding in content["findings"]]
    assert sorted(map(sorted, found)) == [["cos"], ["sin"]]

    cases = ElementTree.parse(tmp_path / "junit.xml").findall(".//testcase")
    failed = {case.get("name"): case.find("failure") is not None for case in cases}
    assert failed == {
        "test_operations[exp-float64-cpu]": False,
        "test_operations[sin-float64-cpu]": True,
        "test_operations[cos-float64-cpu]": True,
        "test_operations[log-float64-cpu]": False,
    }
    texts = [case.findtext("failure") for case in cases if failed[case.get("name")]]
    assert all("Wrong gradient, float64 on cpu" in text for text in texts)
    # The schema of JUnit's XML has no properties of test cases.
    assert not [case for case in cases if case.find("properties") is not None]


def test_what_a_property_attaches_does_not_hinder_junit_xml(pytestconfig, tmp_path):
    run = gate(
        pytestconfig, tmp_path, "tests/properties/test_kinks.py::test_kinks[relu-float16-cpu]",
        "tests/properties/test_sixteen_bit_sweep.py::test_sixteen_bit_sweep[relu-float16-cpu]",
        f"--junitxml={tmp_path / 'junit.xml'}",
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert [each["operation"] for each in report(tmp_path)["kinks"]] == ["relu"]
    assert (tmp_path / "reports" / "accuracy.json").exists()


def ended(record, **options):
    """How the item of ``record`` ends."""
    steps = run_and_record(SimpleNamespace(stash={}), record, **options)
    next(steps)
    try:
        next(steps)
    except StopIteration:
        return "passed"
    except pytest.skip.Exception as skipped:
        return f"skipped: {skipped}"
    except pytest.fail.Exception as failed:
        return f"failed: {failed}"


ALL_LEFT_OUT = "skipped: known issues, lists of your own or a device without storages leave out all that was drawn"
NOTHING = "failed: ties compared nothing on cpu in float64"


@pytest.mark.parametrize(
    ("counts", "replayed", "how"),
    [
        ({"operation": "amax", "examples": 3, "comparisons": 1, "passed_over": 2}, False, "passed"),
        ({"operation": "amax", "examples": 3, "passed_over": 3}, False, ALL_LEFT_OUT),
        ({"operation": "amax", "examples": 3, "passed_over": 2}, False, NOTHING),
        ({"operation": "amax", "examples": 3}, True, NOTHING),
        ({"operation": "amax"}, False, NOTHING),
        ({"operation": "amax"}, True, "skipped: nothing of this operation is stored"),
        ({"examples": 3, "passed_over": 3}, False, NOTHING),
        ({}, True, NOTHING),
    ],
)
def test_only_an_item_of_one_operation_may_be_empty_and_only_for_a_reason(counts, replayed, how):
    assert ended(Record("ties", "cpu", "float64", **counts), replayed=replayed) == how


EXP_IS_UNCERTAIN = """
from tests.gate import judge

judge.is_uncertain = lambda program, target: any(each.operation == "exp" for each in program.applications)
"""

NOTHING_IS_JUDGED = """
from tests.gate.judge import Judge

Judge.enclosed = lambda *arguments, **named: None
"""


def test_an_item_is_skipped_where_known_issues_leave_out_all_of_it(pytestconfig, tmp_path):
    run = gate(pytestconfig, tmp_path, *items("exp", "sin"), plugin=EXP_IS_UNCERTAIN)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed, 1 skipped" in run.stdout
    assert ALL_LEFT_OUT.partition(": ")[2] in run.stdout
    assert report(tmp_path)["verdict"] == "green"


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_run_is_red_where_they_leave_out_all_of_a_property_in_some_dtype(processes, pytestconfig, tmp_path):
    chosen = [*items("exp", "sin"), *items("exp", dtype="float32"), *items("exp", of="test_definitions")]
    run = gate(pytestconfig, tmp_path, *chosen, "-n", processes, plugin=EXP_IS_UNCERTAIN)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    assert "compared nothing: operations on cpu in float32\n" in run.stdout
    assert "EMPTY 1/2" in run.stdout
    assert report(tmp_path)["verdict"] == "red"
    outcomes = {(row["property"], row["dtype"]): row["outcome"] for row in report(tmp_path)["properties"]}
    assert outcomes == {
        ("operations", "float64"): "passed",
        ("operations", "float32"): "failed",
        ("definitions", "float64"): "passed",
    }


def test_an_item_that_compares_nothing_without_a_reason_fails(pytestconfig, tmp_path):
    run = gate(pytestconfig, tmp_path, *items("exp"), plugin=NOTHING_IS_JUDGED)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "operations compared nothing on cpu in float64" in run.stdout
    assert report(tmp_path)["verdict"] == "red"
