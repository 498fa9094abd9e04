"""A second repository keeps its own lists, as docs/your-own-lists.md shows it, and calls the workflow at a tag."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.suite.processes import FAULT, environment
from tests.suite.workflows import as_workflow, inputs_of, read_workflow, run_step, values_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "your-own-lists.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="makes repositories, which needs git")

NOT_OURS = (".git", ".tox", ".venv", "venv", "reports", "__pycache__", ".*_cache", ".hypothesis", ".benchmarks")
"""What may lie in a plain folder of the project and is none of it."""

RUNNER = "ubuntu-latest"


def block(heading, language):
    """The first block of code in that language below ``heading``."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.search(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)[1]


def git(*arguments, folder):
    own = {f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    run = subprocess.run(
        ["git", *map(str, arguments)], cwd=folder, env=environment(own, without=("GIT_DIR", "GIT_WORK_TREE")),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout


def commit(folder):
    git("init", "--quiet", folder=folder)
    git("add", "--all", folder=folder)
    git("commit", "--quiet", "--message", "everything", folder=folder)


@pytest.fixture(scope="module")
def call():
    """The job of the page's workflow that calls this repository's: its workflow, tag and inputs."""
    (job,) = as_workflow(block("On GitHub", "yaml"))["jobs"].values()
    repository, path, tag = re.fullmatch(r"(\w+/gradcert)/(.*)@(.*)", job["uses"]).groups()
    assert f"git clone --branch {tag} https://github.com/{repository}" in PAGE
    return path, tag, job["with"]


@pytest.fixture(scope="module")
def origin(tmp_path_factory, call):
    """A repository of the files that are here now, committed or not, at the tag that the page names."""
    folder = tmp_path_factory.mktemp("origin") / "gradcert"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_OURS))
    commit(folder)
    git("tag", call[1], folder=folder)
    return folder


@pytest.fixture
def workspace(tmp_path, origin, call):
    """What a runner has before the step that judges: gradcert at its tag, the caller's repository, an environment."""
    _, tag, _ = call
    git("clone", "--quiet", "--branch", tag, origin, "gradcert", folder=tmp_path)
    second = tmp_path / "second"
    (second / ".github" / "workflows").mkdir(parents=True)
    (second / "known_issues.toml").write_text(block("known_issues.toml", "toml"), encoding="utf-8")
    (second / "operations.txt").write_text(block("operations.txt", "text"), encoding="utf-8")
    (second / ".github" / "workflows" / "gradients.yml").write_text(block("On GitHub", "yaml"), encoding="utf-8")
    expire(second, 30)
    commit(second)
    git("clone", "--quiet", second, "caller", folder=tmp_path)
    # Instead of the step that installs PyTorch: the environment of this process.
    interpreter = tmp_path / "environment" / "bin" / "python"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    interpreter.chmod(0o755)
    return tmp_path


def expire(folder, days):
    """Let the entry expire in so many days: the page's own date will be past one day."""
    path = folder / "known_issues.toml"
    text, count = re.subn(
        r"expires = \d+-\d+-\d+",
        f"expires = {datetime.date.today() + datetime.timedelta(days=days)}",
        path.read_text(encoding="utf-8"),
    )
    assert count == 1
    path.write_text(text, encoding="utf-8")


def judged(workspace, call, *options, given=None):
    """The step that judges, with ``options`` of pytest that make it short, and the report that it left."""
    path, _, inputs = call
    gate = read_workflow(workspace / "gradcert" / path)
    values = values_of(inputs_of(gate, inputs | (given or {})), matrix__runner=RUNNER)
    short = ("--dtype=float64", "--max-examples=20", "--hypothesis-seed=1", *options)
    run = run_step(gate["jobs"]["judge"], "Judge", values, workspace, {"PYTEST_ADDOPTS": " ".join(short)})
    report = workspace / "judged" / RUNNER / "gate.json"
    return run, json.loads(report.read_text(encoding="utf-8")) if report.exists() else None


PLANTED = ("-p tests.suite.faults.plugin", f"--fault={FAULT}")


def test_what_the_list_waives_is_counted_and_the_gate_is_green(workspace, call):
    run, report = judged(workspace, call, *PLANTED)
    assert run.returncode == 0, run.stdout + run.stderr
    assert (report["verdict"], report["findings"]) == ("green", [])
    listed = block("operations.txt", "text").split()
    assert report["operations_chosen"] == listed
    for what in ("drawn", "judged"):
        counted = {name for name, cases in report["operations"].items() if any(each[what] for each in cases.values())}
        assert counted == set(listed), what
    assert (workspace / "judged" / RUNNER / "junit.xml").exists()
    (entry,) = (issue for issue in report["known_issues"] if issue["list"] is not None)
    assert entry["list"] == "known_issues.toml"
    assert entry["waived"] > 0
    assert entry["met"] > 0
    assert entry["name"] in run.stdout
    assert entry["reason"][:20] in run.stdout


def test_without_the_list_the_same_is_found(workspace, call):
    run, report = judged(workspace, call, *PLANTED, given={"known-issues": ""})
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    assert report["verdict"] == "red"
    for finding in report["findings"]:
        assert "mul" in {each["operation"] for each in finding["program"]["applications"]}


def test_where_nothing_is_wrong_the_entry_is_needless_and_its_count_says_so(workspace, call):
    run, report = judged(workspace, call)
    assert run.returncode == 0, run.stdout + run.stderr
    (entry,) = (issue for issue in report["known_issues"] if issue["list"] is not None)
    assert entry["waived"] == 0
    assert entry["met"] > 0


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(lambda folder: expire(folder, -1), "expired on", id="expired"),
        pytest.param(lambda folder: (folder / "known_issues.toml").unlink(), "cannot be read", id="no-issues"),
        pytest.param(lambda folder: (folder / "known_issues.toml").write_text("issue"), "is no TOML", id="no-toml"),
        pytest.param(lambda folder: (folder / "operations.txt").write_text("add\nmull\n"), "mull", id="unknown"),
        pytest.param(lambda folder: (folder / "operations.txt").unlink(), "operations.txt", id="no-operations"),
    ],
)
def test_bad_lists_are_refused_in_one_line(workspace, call, spoil, words):
    spoil(workspace / "caller")
    run, report = judged(workspace, call)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    assert line.startswith("ERROR: ")
    assert words in line
    assert report is None
