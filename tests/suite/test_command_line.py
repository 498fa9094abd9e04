"""Options, header, table and bad input, through a real pytest in a process of its own."""

from __future__ import annotations

import json

import pytest

from tests.suite.processes import python
from tests.suite.schemas import complaints, strictly

NOTEBOOK = "tests/properties/test_notebook.py"


def gate(pytestconfig, tmp_path, *arguments, variables=None):
    reports = f"--reports={tmp_path / 'reports'}"
    return python("-m", "pytest", reports, *arguments, folder=pytestconfig.rootpath, variables=variables)


def test_help_lists_the_options_under_their_own_heading(pytestconfig, tmp_path):
    text = gate(pytestconfig, tmp_path, "--help").stdout
    section = text[text.index("gradcert: which gradients are judged") :]
    for option in ("--device", "--dtype", "--max-examples", "--operations", "--store", "--replay", "--reports"):
        assert option in section[:1400]


def test_a_run_shows_its_choices_and_leaves_a_report(pytestconfig, tmp_path):
    run = gate(
        pytestconfig, tmp_path, NOTEBOOK, "tests/properties/test_reductions.py",
        "--device", "cpu", "--dtype", "float64,bfloat16", "--max-examples", "5", "--hypothesis-seed", "7",
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert "cpu; float64, bfloat16" in run.stdout
    assert "profile ci, 5 examples a property; seed: --hypothesis-seed=7" in run.stdout
    assert "notebook polynomial" in run.stdout
    assert "float64 on cpu" in run.stdout
    report = strictly((tmp_path / "reports" / "gate.json").read_text())
    assert complaints("gate", report) == []
    assert report["verdict"] == "green"
    assert report["dtypes"] == ["float64", "bfloat16"]
    assert (report["seed"], report["profile"], report["max_examples"]) == ("7", "ci", 5)
    assert report["findings"] == []
    assert {issue["name"] for issue in report["known_issues"]} >= {"variance-of-empty-dim"}
    assert len(report["properties"]) == 2 * 5
    for record in report["properties"]:
        assert record["outcome"] == "passed"
        assert record["comparisons"] > 0
        assert record["elements"] >= record["informative"] > 0
    assert report["totals"]["elements"] == sum(record["elements"] for record in report["properties"])
    assert not list((tmp_path / "reports").glob("*.part"))


@pytest.mark.parametrize("processes", ["0", "2"])
def test_the_same_seed_gives_the_same_run_in_any_number_of_processes(pytestconfig, tmp_path, processes):
    counts = []
    for attempt in ("first", "second"):
        folder = tmp_path / attempt
        run = gate(
            pytestconfig, folder, "tests/properties/test_reductions.py", "-n", processes,
            "--dtype", "float32", "--max-examples", "20", "--hypothesis-seed", "11",
        )  # fmt: skip
        assert run.returncode == 0, run.stdout
        report = json.loads((folder / "reports" / "gate.json").read_text())
        counts.append(sorted((each["property"], each["comparisons"], each["worst"]) for each in report["properties"]))
    assert counts[0] == counts[1]
    assert len(counts[0]) == 2


def test_every_run_gets_a_seed_of_its_own_and_shows_it(pytestconfig, tmp_path):
    seeds = set()
    for _ in range(2):
        text = gate(pytestconfig, tmp_path, NOTEBOOK, "--dtype", "float64").stdout
        seeds.add(text.split("--hypothesis-seed=")[1].split()[0])
    assert len(seeds) == 2


def test_the_dev_profile_replays_failures_instead(pytestconfig, tmp_path):
    text = gate(pytestconfig, tmp_path, NOTEBOOK, "--dtype", "float64", "--hypothesis-profile", "dev").stdout
    assert "profile dev, 30 examples a property; seed: none, last failures are replayed" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "warp"], ["--device warp: not usable", "this machine has cpu"]),
        (["--device", "xla"], ["--device xla: not usable", "once -p MODULE imports it"]),
        (["--device", "cpu/speed=1"], ["cpu/speed=1: unknown key 'speed'; choose from onednn, isa"]),
        (["--device", "cpu,cpu/isa=sse41"], ["cpu and cpu/isa=sse41 cannot share a process", "tox run -e paths"]),
        (["--device", "cpu/capability=avx2", "-p", "torch"], ["torch is loaded already"]),
        (["--device", "cpu,"], ["--device 'cpu,': give names"]),
        (["--dtype", "float63"], ["--dtype float63: unknown; choose from float64,float32,bfloat16,float16"]),
        (["--max-examples", "0"], ["--max-examples 0: give a whole number of at least 1"]),
        (["--max-examples", "many"], ["--max-examples many: give a whole number"]),
        (["--hypothesis-profile", "fast"], ["--hypothesis-profile fast: choose one of ci, dev, nightly"]),
        (["--operations", "conv2,mul"], ["--operations: no such operation: conv2 (did you mean conv2d or conv1d?)"]),
        (["--operations", "add,zzz,mull"], ["no such operation: zzz, mull (did you mean mul"]),
        (["--operations", "add,,mul"], ["--operations=add,,mul: give names with commas between them"]),
        (["--operations="], ["--operations=: names no operation; give one at least, such as add"]),
        (["--operations=@nowhere.txt"], ["--operations=@nowhere.txt: ", "nowhere.txt cannot be read (No such file"]),
        (["--operations=@tests"], ["tests cannot be read (Is a directory)"]),
        (["--operations=@.gitignore"], ["no such operation: __pycache__/, *.py[cod], .hypothesis/", "more; oracle/"]),
        (["--operations", "@LICENSE"], ["--operations @LICENSE: write --operations=@LICENSE, with an equals sign"]),
        (["--reports=/proc/nowhere"], ["--reports /proc/nowhere: cannot be made", "choose another folder"]),
        (["--reports=pyproject.toml"], ["pyproject.toml: cannot be made", "choose another folder"]),
    ],
)
def test_bad_input_gets_one_plain_line(pytestconfig, tmp_path, arguments, words):
    run = gate(pytestconfig, tmp_path, NOTEBOOK, *arguments)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    assert line.startswith("ERROR: ")
    for each in words:
        assert each in line


def test_a_path_is_taken_in_every_process(pytestconfig, tmp_path):
    run = gate(
        pytestconfig, tmp_path, NOTEBOOK, "-n", "2", "--dtype", "float64",
        "--device", "cpu/onednn=off,capability=default,cpu/capability=default", variables={"MKL_CBWR": "COMPATIBLE"},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "cpu/onednn=off,capability=default,cpu/capability=default; float64" in run.stdout
    assert "float64 on cpu/onednn=off,capability=default" in run.stdout
    rows = json.loads((tmp_path / "reports" / "gate.json").read_text())["properties"]
    assert {row["device"] for row in rows} == {"cpu/onednn=off,capability=default", "cpu/capability=default"}


def test_a_variable_that_says_otherwise_gets_one_plain_line(pytestconfig, tmp_path):
    variables = {"ATEN_CPU_CAPABILITY": "avx2"}
    run = gate(pytestconfig, tmp_path, NOTEBOOK, "--device", "cpu/capability=default", variables=variables)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    assert "ATEN_CPU_CAPABILITY is set to avx2 already; unset it" in line


def test_a_missing_browser_gets_one_plain_line(pytestconfig, tmp_path):
    python_alone = {"PATH": str(tmp_path)}
    run = gate(pytestconfig, tmp_path, "tests/browser", variables=python_alone)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    assert line.startswith("ERROR: there is no ")
    assert "install" in line


def test_another_root_directory_gets_one_plain_line(pytestconfig, tmp_path):
    run = gate(pytestconfig, tmp_path, NOTEBOOK, "--rootdir", tmp_path)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    assert "write --reports=DIR, with an equals sign" in line


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("torch", "torch is not installed here"),
        ("cattrs", "cattrs not installed: run"),
        ("numpy_quaddtype", "numpy_quaddtype not installed: run"),
    ],
)
def test_a_missing_module_gets_one_plain_line(pytestconfig, tmp_path, module, words):
    # A finder that denies the module stands for an environment without it.
    (tmp_path / "absent.py").write_text(
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] == {module!r}:\n"
        "            raise ModuleNotFoundError(name)\n"
        "import importlib.util\n"
        "find = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, package=None: None if name == {module!r} else find(name, package)\n"
        "sys.meta_path.insert(0, Absent())\n"
    )
    run = gate(
        pytestconfig, tmp_path, "-p", "absent", NOTEBOOK, variables={"PYTHONPATH": str(tmp_path)}
    )  # fmt: skip
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    assert line.startswith(f"ERROR: {words}")
