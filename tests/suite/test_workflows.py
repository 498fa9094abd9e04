"""The workflows of .github, and the script that their steps run."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.suite.processes import environment
from tests.suite.report_samples import gate_json
from tests.suite.workflows import inputs_of, read_workflow, run_step, values_of

ROOT = Path(__file__).parents[2]
WORKFLOWS = {path.name: path for path in (ROOT / ".github" / "workflows").glob("*.yml")}
JUDGE = ROOT / ".github" / "judge"


@pytest.fixture(scope="module")
def ci():
    return read_workflow(WORKFLOWS["ci.yml"])


@pytest.fixture(scope="module")
def gate():
    return read_workflow(WORKFLOWS["gate.yml"])


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


# Releases


def tox():
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "tox.ini")
    return config


def factors(prefix):
    """The releases that the factors of the environments with that prefix name, from the oldest to the newest."""
    (name,) = (each for each in tox().sections() if each.startswith(f"testenv:{prefix}{{"))
    return [f"{factor[0]}.{factor[1:]}" for factor in re.findall(r"-t(\d+)", name)]


def test_the_nightly_run_judges_exactly_the_releases_of_tox(ci):
    assert ci["jobs"]["nightly"]["strategy"]["matrix"]["torch"] == factors("gate") == factors("selftest")


def test_every_release_of_tox_has_its_pin():
    pins = dict(re.findall(r"^t(\d+): torch==(.*)\.\*$", tox()["testenv"]["deps"], re.MULTILINE))
    assert {f"{factor[0]}.{factor[1:]}": release for factor, release in pins.items()} == {
        release: release for release in factors("gate")
    }


def test_a_push_judges_the_oldest_and_the_newest_of_them(ci):
    chosen = ci["jobs"]["gate"]["strategy"]["matrix"]["torch"]
    assert set(chosen) <= set(factors("gate"))
    assert (chosen[0], chosen[-1]) == (factors("gate")[0], factors("gate")[-1])


def test_the_newest_of_them_is_what_the_workflow_takes_by_default(gate):
    assert gate["on"]["workflow_call"]["inputs"]["torch"]["default"] == factors("gate")[-1]


# What is said of all workflows


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_is_pasted_into_a_shell(name):
    assert not [step["run"] for step in steps(read_workflow(WORKFLOWS[name])) if "${{" in step.get("run", "")]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_only_read(name):
    assert read_workflow(WORKFLOWS[name])["permissions"] == {"contents": "read"}


def test_lint_checks_every_workflow():
    assert set(re.findall(r"\.github/workflows/(\S+\.yml)", tox()["testenv:lint"]["commands"])) == set(WORKFLOWS)


def test_it_takes_the_same_inputs_from_a_workflow_as_from_a_person(gate):
    assert gate["on"]["workflow_dispatch"]["inputs"] == gate["on"]["workflow_call"]["inputs"]


def test_ci_gives_it_inputs_that_it_has(ci, gate):
    calls = [job for job in ci["jobs"].values() if job.get("uses") == "./.github/workflows/gate.yml"]
    assert len(calls) == 2
    for call in calls:
        inputs_of(gate, call["with"])


def test_the_docs_name_its_inputs_with_their_defaults(gate):
    text = (ROOT / "docs" / "your-own-lists.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| `(\S+)` \| .* \| (.*) \|$", text.partition("| input |")[2], re.MULTILINE))
    inputs = gate["on"]["workflow_call"]["inputs"]
    assert set(documented) == set(inputs)
    assert documented["torch"] == inputs["torch"]["default"]
    assert re.findall("`(.*?)`", documented["runners"]) == json.loads(inputs["runners"]["default"])


# The script


def judge(*arguments, folder, **variables):
    return subprocess.run(
        [JUDGE, *arguments], cwd=folder, env=environment(variables), capture_output=True, text=True, check=False
    )


@pytest.fixture
def stub(tmp_path):
    """An interpreter that does nothing but print its arguments, a line each, and where it is."""
    path = tmp_path / "environment" / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.write_text('#!/bin/sh\nprintf "%s\\n" "in $PWD" "$@"\n')
    path.chmod(0o755)
    return path


RUN = {"JUDGE_ENVIRONMENT": "environment", "JUDGE_REPORTS": "judged/here"}


def told(run):
    """What pytest was told, after the words that it is always told."""
    assert (run.returncode, run.stderr) == (0, "")
    first, *rest = run.stdout.splitlines()
    assert first == f"in {ROOT}"
    assert rest[:3] == ["-m", "pytest", "tests/properties"]
    return set(rest[3:])


def test_run_leaves_to_the_gate_what_nobody_chose(stub, tmp_path):
    run = judge("run", folder=tmp_path, **RUN, JUDGE_DEVICE="", JUDGE_KNOWN_ISSUES="", JUDGE_OPERATIONS="")
    folder = f"{tmp_path}/judged/here"
    assert told(run) == {f"--reports={folder}", f"--junitxml={folder}/junit.xml", "--hypothesis-profile=ci"}


def test_run_hands_on_every_choice(stub, tmp_path):
    run = judge(
        "run", "--dtype", "float64", folder=tmp_path, **RUN,
        JUDGE_DEVICE="cpu,cpu/isa=avx2", JUDGE_PROFILE="nightly", JUDGE_CALLER="caller",
        JUDGE_KNOWN_ISSUES=" lists/ours.toml\n*.toml  ", JUDGE_OPERATIONS="@lists/operations.txt",
    )  # fmt: skip
    assert told(run) == {
        "--dtype",
        "float64",
        "--device=cpu,cpu/isa=avx2",
        "--hypothesis-profile=nightly",
        f"--reports={tmp_path}/judged/here",
        f"--junitxml={tmp_path}/judged/here/junit.xml",
        f"--known-issues={tmp_path}/caller/lists/ours.toml",
        f"--known-issues={tmp_path}/caller/*.toml",
        f"--operations=@{tmp_path}/caller/lists/operations.txt",
    }


def test_run_takes_names_of_operations_and_absolute_paths_as_they_are(stub, tmp_path):
    variables = RUN | {"JUDGE_REPORTS": "/elsewhere", "JUDGE_CALLER": "/caller"}
    run = judge("run", folder=tmp_path, **variables, JUDGE_KNOWN_ISSUES="ours.toml", JUDGE_OPERATIONS="add,mul")
    assert told(run) >= {"--reports=/elsewhere", "--known-issues=/caller/ours.toml", "--operations=add,mul"}


def test_inputs_are_words_and_never_commands(stub, tmp_path):
    nasty = "$(touch planted) `touch planted`; touch planted"
    run = judge("run", folder=tmp_path, **RUN, JUDGE_DEVICE=nasty, JUDGE_OPERATIONS=nasty, JUDGE_PROFILE=nasty)
    assert told(run) >= {f"--device={nasty}", f"--operations={nasty}", f"--hypothesis-profile={nasty}"}
    assert not [each for each in (ROOT, tmp_path) if (each / "planted").exists()]


def test_run_says_what_the_gate_says(stub, tmp_path):
    stub.write_text("#!/bin/sh\nexit 4\n")
    assert judge("run", folder=tmp_path, **RUN).returncode == 4


@pytest.mark.parametrize(
    ("torch", "specifier"), [("2.15", "torch==2.15.*"), ("2.14.1", "torch==2.14.1.*"), ("nightly", "torch>=2.dev0")]
)
def test_install_takes_the_release_into_a_fresh_environment(stub, tmp_path, torch, specifier):
    # Stands for the Python that makes an environment: it makes one whose Python is the stub.
    (tmp_path / "bin").mkdir()
    base = tmp_path / "bin" / "python3"
    base.write_text('#!/bin/sh\nprintf "%s\\n" "made" "$@"\n')
    base.chmod(0o755)
    variables = {"JUDGE_ENVIRONMENT": "environment", "PATH": f"{base.parent}:{os.environ['PATH']}"}
    run = judge("install", folder=tmp_path, **variables, JUDGE_TORCH=torch)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines() == [
        *("made", "-m", "venv", "--clear", f"{tmp_path}/environment"),
        *(f"in {ROOT}", "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1"),
        *(f"in {ROOT}", "-m", "pip", "install", specifier, "--group", "gate"),
    ]


@pytest.mark.parametrize(
    "torch", ["", "2", "2.", ".15", "2..15", "newest", "2.15; touch planted", "2.15\n2.14", "-r x"]
)
def test_install_refuses_what_is_no_release(tmp_path, torch):
    run = judge("install", folder=tmp_path, JUDGE_ENVIRONMENT="environment", JUDGE_TORCH=torch)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"torch '{torch}': give a release such as 2.15, or nightly\n"
    assert not list(tmp_path.iterdir())


def test_summary_shows_the_reports_of_all_runners_and_misses_those_that_left_none(tmp_path):
    for name in ("x86", "arm"):
        (tmp_path / "judged" / name).mkdir(parents=True)
        gate_json(tmp_path / "judged" / name)
    run = judge("summary", folder=tmp_path, JUDGE_REPORTS="judged", JUDGE_RUNNERS='["x86", "mac", "arm"]')
    assert (run.returncode, run.stderr) == (0, "")
    assert re.findall(r"^\| (x86|mac|arm) \| ", run.stdout, re.MULTILINE) == ["x86", "arm"]
    assert run.stdout.endswith("\n❌ mac left no report: the log of its job says why.\n")


def test_summary_without_any_report_says_so(tmp_path):
    run = judge("summary", folder=tmp_path, JUDGE_REPORTS="judged", JUDGE_RUNNERS='["x86"]')
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "\n❌ x86 left no report: the log of its job says why.\n"


@pytest.mark.parametrize("runners", ["x86", '"', "3"])
def test_summary_refuses_runners_that_are_no_list(tmp_path, runners):
    run = judge("summary", folder=tmp_path, JUDGE_REPORTS="judged", JUDGE_RUNNERS=runners)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"JUDGE_RUNNERS '{runners}': give a JSON list of names\n"


def test_calls_with_other_inputs_leave_artifacts_of_other_names(tmp_path):
    names = [judge("artifact", folder=tmp_path, JUDGE_INPUTS=text).stdout for text in ("{}", '{"a": 1}', "{}")]
    assert re.fullmatch(r"gradcert-\d+\n", names[0])
    assert names[0] == names[2] != names[1]


@pytest.mark.parametrize("command", [(), ("juge",)])
def test_an_unknown_command_gets_one_plain_line(tmp_path, command):
    run = judge(*command, folder=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"'{''.join(command)}': give one of install, run, summary, artifact\n"


# Its steps, as a runner takes them


def test_the_summary_finds_what_the_runners_kept(gate, tmp_path):
    inputs = inputs_of(gate, {"runners": '["x86", "mac"]'})
    (tmp_path / "gradcert").symlink_to(ROOT)
    output, shown = tmp_path / "output", tmp_path / "shown"
    files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(shown)}
    names = []
    for name, job in gate["jobs"].items():
        output.unlink(missing_ok=True)
        run = run_step(job, "Name the reports", values_of(inputs, matrix__runner="x86"), tmp_path, files)
        assert run.returncode == 0, name
        names.append(output.read_text())
    assert names[0] == names[1]
    assert re.fullmatch(r"name=gradcert-\d+\n", names[0])
    # What is uploaded from judged/ of a runner is fetched into judged/ of the last job.
    (tmp_path / "judged" / "x86").mkdir(parents=True)
    gate_json(tmp_path / "judged" / "x86")
    last = gate["jobs"]["summary"]
    assert run_step(last, "Say what the machines do differently", values_of(inputs), tmp_path, files).returncode == 0
    assert "| x86 | " in shown.read_text(encoding="utf-8")
    assert "mac left no report" in shown.read_text(encoding="utf-8")


@pytest.mark.parametrize(("result", "status"), [("success", 0), ("failure", 1), ("cancelled", 1), ("skipped", 1)])
def test_the_last_job_fails_unless_every_runner_was_green(gate, tmp_path, result, status):
    values = values_of(inputs_of(gate, {}), needs__judge__result=result)
    assert (
        run_step(gate["jobs"]["summary"], "Fail unless every machine is green", values, tmp_path, {}).returncode
        == status
    )


def test_a_server_that_does_not_tell_the_commit_is_refused(gate, tmp_path):
    first = gate["jobs"]["judge"]["steps"][0]
    assert first["if"] == "${{ !job.workflow_sha }}"
    run = run_step(
        gate["jobs"]["judge"], first["name"], values_of(inputs_of(gate, {}), matrix__runner="x86"), tmp_path, {}
    )
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1


def test_gradcert_is_checked_out_as_it_was_called(gate):
    checkouts = [step for step in steps(gate) if step.get("uses", "").startswith("actions/checkout@")]
    for step in checkouts:
        if step["with"]["path"] == "gradcert":
            assert step["with"]["repository"] == "${{ job.workflow_repository }}"
            assert step["with"]["ref"] == "${{ job.workflow_sha }}"
    assert [step["with"]["path"] for step in checkouts] == ["gradcert", "caller", "gradcert"]
