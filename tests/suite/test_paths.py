"""Code paths of one machine: which there are, and that a fault of one of them is told from those of all."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from oracle.target import CPU, Target
from tests.paths.__main__ import PATHS
from tests.paths.processes import path_process
from tests.paths.report import Report
from tests.paths.runs import Gate, Run
from tests.paths.trial import Trial, absence, ended, remark, tried
from tests.suite.processes import python

WITHOUT_ONEDNN = Target.parse("cpu/onednn=off")
BASE = Trial(onednn=True, mkl=True, instructions="AVX-512", product="one")


@pytest.mark.parametrize(
    ("text", "trial", "words"),
    [
        ("cpu/isa=sse41", replace(BASE, ended="killed by SIGILL"), "killed by SIGILL"),
        ("cpu/capability=avx512", replace(BASE, not_taken="it is default"), "it is default"),
        ("cpu/onednn=off", replace(BASE, onednn=False), "this PyTorch has no oneDNN"),
        ("cpu/isa=sse41", replace(BASE, onednn=False), "this PyTorch has no oneDNN"),
        ("cpu/mkl=compatible", replace(BASE, mkl=False), "this PyTorch has no MKL"),
        ("cpu/products=bfloat16", BASE, "products of float32 matrices of 256×256 are the same"),
        ("cpu/products=bfloat16", replace(BASE, product="another"), None),
        ("cpu/products=float32", BASE, None),
        ("cpu/threads=2", replace(BASE, mkl=False, onednn=False), None),
    ],
)
def test_what_a_machine_lacks_is_told_by_trying(text, trial, words):
    assert absence(Target.parse(text), trial, BASE) == words


def test_a_limit_that_changes_nothing_is_told():
    limited = Target.parse("cpu/isa=avx512_core_bf16")
    assert remark(limited, BASE, BASE) == "as without the limit: AVX-512"
    assert remark(limited, replace(BASE, instructions="AVX2"), BASE) == ""
    assert remark(CPU, BASE, BASE) == ""


def test_a_trial_takes_the_path_whatever_is_set_here(monkeypatch):
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "nonsense")
    trial = tried(Target.parse("cpu/isa=sse41,capability=default"))
    assert (trial.ended, trial.not_taken) == ("", None)
    assert trial.onednn == bool(trial.instructions)
    assert tried(Target.parse("cpu/capability=avx512")).product


def test_how_a_process_ended_is_told():
    assert ended(path_process(CPU, "-c", "import os; os.kill(os.getpid(), 11)")) == "killed by SIGSEGV"
    assert ended(path_process(CPU, "-c", "raise SystemExit('too early')")) == "exit status 1: too early"


def finding(target, element=0):
    return {
        "message": f"Wrong gradient on {target}", "device": str(target), "program": {"inputs": [element]},
        "dtype": "float64", "route": "backward", "place": 0, "reproducer": "one.py",
    }  # fmt: skip


def run(target, *findings, ended="", remark=""):
    outcome = "failed" if findings else "passed"
    row = {"property": "operations", "dtype": "float64", "examples": 7, "comparisons": 9, "elements": 5, "worst": 0.5}
    report = {
        "verdict": "red" if findings else "green", "dtypes": ["float64"], "findings": list(findings),
        "properties": [row | {"outcome": outcome}], "facts": {f"{target} float64": {"powers_are_exact": True}},
        "replayed": {"programs": 7}, "profile": "ci", "seed": "3", "max_examples": 150,
    }  # fmt: skip
    return Run(target, 2.0, report, ended, remark)


def test_every_finding_is_told_once_with_its_paths(tmp_path):
    threads = Target.parse("cpu/threads=2")
    everywhere = [run(each, finding(each)) for each in (CPU, WITHOUT_ONEDNN)]
    report = Report(run(CPU), 7, [everywhere[0], replace(everywhere[1]), run(threads, finding(threads, element=1))])
    assert not report.is_green
    first, second = report.findings()
    assert (first["paths"], second["paths"]) == (["cpu", "cpu/onednn=off"], ["cpu/threads=2"])
    text = report.text()
    assert "wrong on: cpu, cpu/onednn=off\n" in text
    assert "wrong on: cpu/threads=2, and not on cpu\n" in text
    content = json.loads(report.write(tmp_path / "paths.json").read_text())
    assert content["verdict"] == "red"
    assert content["stored"]["programs"] == 7
    assert [each["paths"] for each in content["findings"]] == [first["paths"], second["paths"]]
    assert content["paths"][2]["dtypes"]["float64"] == {
        "examples": 7, "comparisons": 9, "elements": 5, "worst": 0.5, "verdict": "WRONG 1",
    }  # fmt: skip
    assert content["paths"][0]["facts"] == {"float64": {"powers_are_exact": True}}


def test_a_run_that_is_killed_is_not_green():
    assert Report(run(CPU), 7, [run(CPU)]).is_green
    report = Report(run(CPU), 7, [run(CPU), Run(WITHOUT_ONEDNN, 1.0, {}, "killed by SIGSEGV")])
    assert not report.is_green
    (row,) = [line for line in report.text().splitlines() if line.startswith(" cpu/onednn=off")]
    assert row.endswith("killed by SIGSEGV")
    killed = Report(run(CPU, ended="killed by SIGKILL"), 7, [run(CPU)])
    assert not killed.is_green
    assert "the run that drew them did not come to its end: killed by SIGKILL" in killed.text()


def test_a_run_that_kills_its_process_is_told(tmp_path, monkeypatch):
    (tmp_path / "killing.py").write_text("import os\ndef pytest_collection_finish():\n    os.kill(os.getpid(), 11)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    gate = Gate(("tests/properties/test_notebook.py",), tmp_path, ("killing",))
    assert gate.draw("--dtype=float64").ended == "killed by SIGSEGV"


def test_what_a_machine_lacks_has_a_row():
    report = Report(run(CPU), 7, [run(CPU, remark="so what")], [(WITHOUT_ONEDNN, "this PyTorch has no oneDNN")])
    assert report.is_green
    assert "not on this machine: this PyTorch has no oneDNN" in report.text()
    assert "so what" in report.text()


def test_a_fault_without_onednn_is_found_there_alone(pytestconfig, tmp_path):
    command = python(
        "-m", "tests.paths", "-p", "tests.suite.faults.without_onednn", "tests/properties/test_broadcasting.py",
        "--paths", "cpu/onednn=off,threads=1,cpu/capability=default", "--dtype", "float64", "--max-examples", "10",
        "--seed", "1", "--reports", tmp_path, "--operations", "pow,add,sub,mul,neg",
        folder=pytestconfig.rootpath,
    )  # fmt: skip
    assert command.returncode == 1, command.stdout + command.stderr
    content = json.loads((tmp_path / "paths.json").read_text())
    verdicts = {each["target"]: each["dtypes"]["float64"]["verdict"] for each in content["paths"]}
    assert verdicts == {"cpu": "right", "cpu/onednn=off,threads=1": "WRONG 2", "cpu/capability=default": "right"}
    assert len(content["findings"]) == 2
    for each in content["findings"]:
        assert each["paths"] == ["cpu/onednn=off,threads=1"]
        assert each["message"] in command.stdout
        assert f"reproducer: python {each['reproducer']}" in command.stdout
        assert "_set_mkldnn_enabled(False)" in (pytestconfig.rootpath / each["reproducer"]).read_text()
    assert content["stored"]["programs"] == 20
    assert content["stored"]["operations_chosen"] == ["add", "sub", "mul", "neg", "pow"]
    assert (tmp_path / "paths" / "cpu-onednn-off-threads-1" / "gate.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--paths", "cuda"), "cuda is no path of the CPU"),
        (("--paths", "cpu/speed=1"), "cpu/speed=1: unknown key 'speed'"),
        (("--dtype", "float63"), "float63: unknown; choose from float64"),
        (("--max-examples", "0"), "0: give a whole number of at least 1"),
        (("--operations", "addd"), "exit status 4: ERROR: --operations: no such operation: addd (did"),
        (("--operations", "@nowhere.txt"), "nowhere.txt cannot be read (No such file or directory)"),
        (("--reports", "/proc/nowhere"), "--reports /proc/nowhere: cannot be made"),
        (("--known-issues", "/nowhere.toml"), "ERROR: --known-issues /nowhere.toml: cannot be read"),
        (("tests/nothing.py",), "nothing was drawn: exit status 4: ERROR: file or directory not found"),
    ],
)
def test_bad_input_gets_one_line(arguments, words, pytestconfig, tmp_path):
    command = python("-m", "tests.paths", "--reports", tmp_path, *arguments, folder=pytestconfig.rootpath)
    assert command.returncode == 2
    assert words in command.stderr.splitlines()[-1]
    assert "Traceback" not in command.stderr


def test_default_paths_are_targets_of_the_cpu():
    assert all(Target.parse(text).settings and Target.parse(text).device == "cpu" for text in PATHS)
