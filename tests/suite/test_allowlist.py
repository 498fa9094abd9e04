"""``--operations``: a run that keeps to some operations draws, judges and finds nothing else."""

from __future__ import annotations

import json
import os

import pytest

from oracle.operations import OPERATIONS
from tests.suite.processes import python

SUM_ALONE = "tests/properties/test_operations.py", "tests/properties/test_random_programs.py"


def gate(pytestconfig, folder, *arguments):
    run = python(
        "-m", "pytest", *arguments, "--device", "cpu", "--dtype", "float64", "--max-examples", "20",
        "--hypothesis-seed", "1", f"--reports={folder}",
        folder=pytestconfig.rootpath,
    )  # fmt: skip
    return run, json.loads((folder / "gate.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=["0", "2"])
def listed(request, pytestconfig, tmp_path_factory):
    """A run of all properties that keeps to three operations of a file, in one process or two."""
    folder = tmp_path_factory.mktemp("listed")
    path = folder / "operations.txt"
    path.write_text("# what this backend has\nsum add\n\nmul, # and no more: exp\n", encoding="utf-8")
    relative = os.path.relpath(path, pytestconfig.rootpath)
    return gate(pytestconfig, folder, "tests/properties", f"--operations=@{relative}", "-n", request.param)


def test_an_allowlist_of_three_operations_judges_exactly_these(listed):
    run, report = listed
    assert run.returncode == 0, run.stdout + run.stderr
    assert report["verdict"] == "green"
    assert report["operations_chosen"] == ["add", "mul", "sum"]
    assert set(report["operations"]) == {"add", "mul", "sum"}
    assert all(counts["cpu float64"]["judged"] for counts in report["operations"].values())
    assert "keeps to 3 of 179 operations: add, mul, sum" in run.stdout
    assert "operations judged, of 3: 3 in float64 on cpu" in run.stdout
    judged = {row["property"]: row["items"] for row in report["properties"]}
    for name in ("operations", "definitions", "bookkeeping of operations", "long sums"):
        assert judged[name] == 3
    for name in ("random programs", "exact programs", "bookkeeping", "reductions", "exact reductions", "linearity"):
        assert judged[name] == 1


def test_what_lacks_operations_is_named(listed):
    run, report = listed
    without = "broadcasting, exact broadcasting, large tensors, exact polynomials, polynomials and chains"
    assert f"{without} need sub, neg, pow" in report["left_out"]
    assert "notebook mean needs pow, mean" in report["left_out"]
    assert not {row["property"] for row in report["properties"]} & set(without.split(", "))
    for line in report["left_out"]:
        assert f"gradcert: left out: {line}\n" in run.stdout


def test_known_issues_of_other_operations_are_not_run(listed):
    asked = {issue["name"] for issue in listed[1]["known_issues"] if issue["answers"]}
    assert "accumulated-views-share-memory" in asked
    assert not {"erf-of-small-numbers-in-16-bits", "variance-of-empty-dim"} & asked


def test_a_run_without_a_list_keeps_to_none(pytestconfig, tmp_path):
    run, report = gate(pytestconfig, tmp_path, "tests/properties/test_notebook.py")
    assert report["operations_chosen"] is None
    assert set(report["operations"]) == set(OPERATIONS)
    assert "keeps to" not in run.stdout


@pytest.mark.parametrize(("operations", "found"), [("mul,cos", {"mul"}), ("add,cos,exp", set())])
def test_a_fault_within_the_list_is_found_and_one_outside_is_not(operations, found, pytestconfig, tmp_path):
    run, report = gate(
        pytestconfig, tmp_path, "-p", "tests.suite.faults.plugin", "--fault", "product-off-by-1e-12,sine-off-by-1e-9",
        *SUM_ALONE, "--operations", operations,
    )  # fmt: skip
    assert run.returncode == (pytest.ExitCode.TESTS_FAILED if found else pytest.ExitCode.OK), run.stdout
    programs = [finding["program"]["applications"] for finding in report["findings"]]
    assert {application["operation"] for program in programs for application in program} == found
    assert report["verdict"] == ("red" if found else "green")


def test_a_property_of_which_nothing_is_left_is_skipped_with_the_reason(pytestconfig, tmp_path):
    run, report = gate(pytestconfig, tmp_path, "tests/properties/test_polynomials.py", "--operations=add,sub,mul,neg")
    assert run.returncode == 0, run.stdout
    assert "2 skipped" in run.stdout
    assert "needs pow" in run.stdout
    assert (report["properties"], report["verdict"]) == ([], "unfinished")


def test_a_store_keeps_to_the_list_with_which_it_was_drawn(pytestconfig, tmp_path):
    store = tmp_path / "programs.db"
    names = ("tests/properties/test_random_programs.py", "tests/properties/test_polynomials.py")
    drawn, before = gate(pytestconfig, tmp_path / "drawn", *names, "--operations=add,sum", f"--store={store}")
    assert drawn.returncode == 0, drawn.stdout + drawn.stderr
    run, after = gate(pytestconfig, tmp_path / "replayed", *names, f"--replay={store}")
    assert run.returncode == 0, run.stdout + run.stderr
    assert after["operations_chosen"] == ["add", "sum"]
    assert after["operations"] == before["operations"]
    assert "exact polynomials, polynomials and chains need sub, mul, neg, pow" in after["left_out"]
