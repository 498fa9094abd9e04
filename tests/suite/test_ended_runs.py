"""Runs of the gate that are ended before their time leave a report that says so."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time

import pytest

from tests.suite.processes import environment, python

LONG = ("tests/properties/test_notebook.py", "tests/properties/test_reductions.py", "--max-examples", "1000000")
FLOAT64 = ("--device", "cpu", "--dtype", "float64")


@pytest.fixture
def folder(tmp_path):
    """A folder with the reports of an earlier run, which was green."""
    (tmp_path / "findings").mkdir()
    for name in ("gate.json", "accuracy.json"):
        (tmp_path / name).write_text(json.dumps({"verdict": "green", "properties": ["earlier"] * 9}))
    (tmp_path / "findings" / "0123456789.py").write_text("")
    return tmp_path


def report(folder):
    return json.loads((folder / "gate.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("processes", ["0", "1"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_midway_is_unfinished_and_keeps_what_was_judged(how, processes, folder, pytestconfig):
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", *LONG, *FLOAT64, "-n", processes, f"--reports={folder}"],
        cwd=pytestconfig.rootpath, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with run:
        try:
            end = time.monotonic() + 120
            while len(report(folder)["properties"]) != 3 and time.monotonic() < end:
                time.sleep(0.05)
            # An interruption is lost where Python cannot raise an exception, as while it frees an object.
            while run.poll() is None and time.monotonic() < end:
                run.send_signal(how)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    run.wait(10)
        finally:
            run.kill()
    left = report(folder)
    assert left["verdict"] == "unfinished"
    names = ["notebook polynomial", "notebook chain", "notebook mean"]
    assert [each["property"] for each in left["properties"]][:3] == names
    assert not (folder / "accuracy.json").exists()
    assert not list((folder / "findings").iterdir())


def test_a_worker_that_crashes_turns_the_run_red(folder, pytestconfig, tmp_path_factory):
    plugins = tmp_path_factory.mktemp("plugins")
    (plugins / "crashing.py").write_text(
        "import os\ndef pytest_runtest_setup(item):\n    if 'exact_reductions' in item.name:\n        os._exit(1)\n"
    )
    run = python(
        "-m", "pytest", *LONG[:2], "--max-examples", "2", *FLOAT64, "-n", "1", "-p", "crashing", f"--reports={folder}",
        folder=pytestconfig.rootpath, variables={"PYTHONPATH": str(plugins)},
    )  # fmt: skip
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert report(folder)["verdict"] == "red"
    assert len(report(folder)["properties"]) == 4


def test_a_run_whose_tests_cannot_be_collected_is_unfinished(folder, pytestconfig):
    run = python(
        "-m", "pytest", LONG[0], "tests/properties/test_nothing.py", *FLOAT64, f"--reports={folder}",
        folder=pytestconfig.rootpath,
    )  # fmt: skip
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert (report(folder)["verdict"], report(folder)["properties"]) == ("unfinished", [])


@pytest.mark.parametrize("arguments", [("tests/suite/test_clocks.py",), (LONG[0], "--collect-only")])
def test_a_run_that_judges_nothing_leaves_earlier_reports_alone(arguments, folder, pytestconfig):
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    run = python("-m", "pytest", *arguments, f"--reports={folder}", folder=pytestconfig.rootpath)
    assert run.returncode == pytest.ExitCode.OK
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before
