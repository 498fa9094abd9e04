"""Lists of users: what they waive is counted, what they do not is found, and bad ones are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from oracle import known_issues
from oracle.finding import Broken, Finding
from oracle.issue_lists import read_list
from oracle.known_issue import KnownIssue
from oracle.laws import BOOKKEEPING
from oracle.program import Input, Program, ProgramBuilder, Value
from oracle.target import CPU, Target
from oracle.verdict import Raised
from tests.gate import waivers
from tests.gate.finding_entry import finding_entry
from tests.gate.judge import Judge
from tests.gate.record import Record
from tests.gate.reproducers import answer
from tests.gate.wrong_answer import WrongAnswer
from tests.suite.examples import broadcast_product, contiguous
from tests.suite.processes import FAULT, python
from tests.suite.schemas import complaints

MINE = KnownIssue("mine", "wrong", "slow", operations=("mul",), file=Path("mine.toml"))


def product_and_exponential() -> Program:
    builder = ProgramBuilder([Input(contiguous((1.0, 2.0), (2,))), Input(contiguous((3.0, 4.0), (2,)))])
    builder.apply("mul", Value(0), Value(1))
    builder.apply("exp", Value(2))
    return builder.program(contiguous((1.0, 1.0), (2,)))


@pytest.fixture
def using():
    """Lets entries of users' lists count within a test."""
    yield known_issues.use_lists
    known_issues.use_lists([])


@pytest.fixture
def wrong_product(monkeypatch):
    """Every second gradient is 1 too large where a program has a product."""
    from tests.gate import judge as module

    right = module.read_answer

    def wrong(program, target, route):
        came = right(program, target, route)
        if any(each.operation == "mul" for each in program.applications):
            gradient = came.gradients[1]
            return replace(came, gradients=came.gradients | {1: replace(gradient, values=gradient.values + 1)})
        return came

    monkeypatch.setattr(module, "read_answer", wrong)


def judged(program, dtype="float64", device="cpu"):
    judge = Judge(Record("a property", device, dtype))
    judge.count(Judge.enclosed, program)
    return judge.record


# Which findings are waived


@pytest.mark.parametrize(
    ("changes", "kind", "said", "waived"),
    [
        ({}, "wrong", "", True),
        ({}, "inaccurate", "", True),
        ({}, "law", "linearity", True),
        ({}, "raises", "no kernel", False),
        ({"kind": "inaccurate"}, "wrong", "", True),
        ({"kind": "raises"}, "raises", "no kernel", True),
        ({"kind": "raises"}, "wrong", "", False),
        ({"kind": "raises", "raises": "kernel"}, "raises", "no kernel", True),
        ({"kind": "raises", "raises": "memory"}, "raises", "no kernel", False),
        ({"laws": ("linearity",)}, "law", "linearity", True),
        ({"laws": ("linearity",)}, "law", "symmetry", False),
        ({"laws": ("linearity",)}, "wrong", "", False),
        ({"laws": ("linearity",), "operations": ()}, "law", "linearity", True),
        ({"dtypes": ("float64",)}, "wrong", "", True),
        ({"dtypes": ("float32",)}, "wrong", "", False),
        ({"operations": ("add",)}, "wrong", "", False),
        ({"operations": ("add", "exp")}, "wrong", "", True),
        ({"arguments": {"dim": 0}}, "wrong", "", False),
        ({"application": "several_elements"}, "wrong", "", True),
        ({"range": True}, "wrong", "", False),
        ({"magnitudes": ((0.0, 9.0),)}, "wrong", "", False),
        ({"file": None}, "wrong", "", False),
    ],
)
def test_an_entry_waives_what_it_says(changes, kind, said, waived):
    assert replace(MINE, **changes).waives(kind, said, product_and_exponential()) is waived


def test_regions_of_users_are_drawn_unless_they_crash():
    assert MINE.is_drawn
    assert not replace(MINE, kind="crashes").is_drawn
    assert not replace(MINE, file=None).is_drawn


def test_what_is_waived_is_counted(using, wrong_product):
    with pytest.raises(WrongAnswer):
        judged(broadcast_product())
    using([MINE])
    record = judged(broadcast_product())
    assert (record.met, record.waived) == ({"mine": 1}, {"mine": 1})
    assert record.comparisons > 0
    assert record.judged == {}, "what was waived is no evidence"


def test_right_answers_in_a_region_count_as_met_alone(using):
    using([MINE])
    record = judged(broadcast_product())
    assert (record.met, record.waived) == ({"mine": 1}, {})
    assert record.judged == {"mul": 1}


@pytest.mark.parametrize(
    "changes", [{"operations": ("exp",)}, {"dtypes": ("float32",)}, {"targets": ("cuda",)}, {"versions": "<2.10"}]
)
def test_what_lies_outside_of_every_region_is_found(using, wrong_product, changes):
    using([replace(MINE, **changes)])
    with pytest.raises(WrongAnswer):
        judged(broadcast_product())


def test_exceptions_and_laws_are_waived_too(using, monkeypatch):
    from tests.gate import judge as module
    from tests.gate.judge import NoAnswer

    def refuses(program, target, route):
        raise NoAnswer(RuntimeError("no kernel today"), "asked")

    monkeypatch.setattr(module, "read_answer", refuses)
    using([replace(MINE, kind="raises", raises="no kernel")])
    assert judged(broadcast_product()).waived == {"mine": 1}
    using([replace(MINE, kind="raises", raises="no memory")])
    with pytest.raises(WrongAnswer):
        judged(broadcast_product())

    def broken(inputs, function, cotangents):
        return "it is broken"

    judge = Judge(Record("a law", "cpu", "float64"))
    with pytest.raises(WrongAnswer):
        judge.law(broadcast_product(), broken)
    using([replace(MINE, laws=("broken",))])
    judge.law(broadcast_product(), broken)
    assert judge.record.waived == {"mine": 1}


def test_a_region_that_crashes_is_not_asked(using, monkeypatch):
    from tests.gate import judge as module

    monkeypatch.setattr(module, "read_answer", None)
    using([replace(MINE, kind="crashes")])
    record = judged(broadcast_product())
    assert (record.met, record.waived, record.unclaimed) == ({"mine": 1}, {}, 1)
    assert known_issues.is_undrawable("mul", "float64")


# The entry of a finding


def finding(wrong, route="backward", target=CPU, program=None):
    return Finding(program or broadcast_product(), target, route, "enclosure", wrong)


def test_the_entry_of_a_finding_waives_it_and_what_is_like_it(tmp_path):
    raised = finding(Raised('no "kernel"\\', "asked"), target=Target.parse("cpu/onednn=off"))
    path = tmp_path / "mine.toml"
    path.write_text(finding_entry(raised), encoding="utf-8")
    (issue,) = read_list(path)
    assert (issue.kind, issue.operations, issue.dtypes) == ("raises", ("mul",), ("float64",))
    assert issue.targets == ("cpu/onednn=off",)
    assert issue.reproducer == raised.script
    assert issue.waives("raises", "anything", raised.program)
    assert issue.concerns(str(known_issues.torch.__version__))
    # Here PyTorch answers.
    came = answer(issue, Target.parse("cpu/onednn=off"))
    assert came.status == "mended", came.errors


def test_the_entry_of_a_law_names_it(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(finding_entry(finding(Broken(BOOKKEEPING[0], "x"), route=BOOKKEEPING[0].__name__)))
    (issue,) = read_list(path)
    assert (issue.kind, issue.laws) == ("wrong", (BOOKKEEPING[0].__name__,))


def test_several_operations_have_no_entry():
    assert finding_entry(finding(Raised("x", "asked"), program=product_and_exponential())) is None


# A run of the gate


def gate(pytestconfig, folder, *arguments):
    return python(
        "-m", "pytest", "-p", "tests.suite.faults.plugin", "--fault", FAULT, "tests/properties/test_broadcasting.py",
        "--device", "cpu", "--dtype", "float64", "--hypothesis-seed", "1", "--max-examples", "40",
        f"--reports={folder}", *arguments,
        folder=pytestconfig.rootpath,
    )  # fmt: skip


@pytest.fixture(scope="module")
def entries(pytestconfig, tmp_path_factory):
    """Those of the findings of a red run."""
    folder = tmp_path_factory.mktemp("red")
    assert gate(pytestconfig, folder).returncode == pytest.ExitCode.TESTS_FAILED
    return sorted((folder / "findings").glob("*.toml"))


@pytest.mark.parametrize("processes", ["0", "2"])
def test_entries_of_the_findings_of_one_run_make_the_next_one_green(pytestconfig, tmp_path, entries, processes):
    assert entries
    mine = tmp_path / "mine.toml"
    # Both findings are of one product, and one entry is enough.
    mine.write_text(entries[0].read_text() + "expires = 2999-01-01\n")
    run = gate(pytestconfig, tmp_path / "green", f"--known-issues={mine}", "-n", processes)
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads((tmp_path / "green" / "gate.json").read_text())
    assert report["verdict"] == "green"
    assert complaints("gate", report) == []
    (entry,) = (each for each in report["known_issues"] if each["list"] == "mine.toml")
    assert (entry["in_scope"], entry["expires"]) == (True, "2999-01-01")
    assert entry["met"] >= entry["waived"] > 0
    shown = run.stdout[run.stdout.index("waived by lists of your own:") :].split()
    assert f"{entry['waived']:,}" in shown
    assert f"{entry['met']:,}" in shown
    assert entry["reason"][:20] in run.stdout


ENTRY = '[[issue]]\nname = "n"\nkind = "wrong"\nreason = "r"\noperations = ["mul"]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[issue", "is no TOML"),
        (ENTRY.replace("mul", "mull"), "entry n: operation 'mull' does not exist; did you mean mul"),
        (ENTRY + "expires = 2000-01-01\n", "entry n expired on 2000-01-01: mend what it waives, delete it"),
    ],
)
def test_a_bad_list_gets_one_plain_line(pytestconfig, tmp_path, text, words):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    run = gate(pytestconfig, tmp_path / "reports", f"--known-issues={path}")
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    assert line.startswith(f"ERROR: --known-issues {path}: ")
    assert words in line
    assert not (tmp_path / "reports" / "gate.json").exists()


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([ENTRY + 'versions = "<2"\n'], "no release that can be judged has versions = '<2'; it matches nothing"),
        ([ENTRY.replace('"n"', '"median-of-expanded"')], "another list has an entry of that name; rename it"),
        ([ENTRY, ENTRY], "another list has an entry of that name; rename it"),
        ([None], r"cannot be read \(No such file or directory\)"),
    ],
)
def test_lists_that_match_nothing_clash_or_are_not_there_are_refused(tmp_path, texts, words):
    paths = [tmp_path / f"{number}.toml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        if text is not None:
            path.write_text(text)
    config = SimpleNamespace(
        getoption=lambda name: [str(path) for path in paths], invocation_params=SimpleNamespace(dir=tmp_path)
    )
    with pytest.raises(pytest.UsageError, match=words) as caught:
        waivers.chosen_waivers(config)
    assert str(caught.value).startswith(f"--known-issues {paths[-1]}: entry" if texts[0] else "--known-issues ")


def test_the_table_says_what_is_not_judged_here():
    record = Record("p", "cpu", "float64", met={"mine": 7}, waived={"mine": 2})
    issues = [
        MINE,
        replace(MINE, name="elsewhere", targets=("cuda",)),
        replace(MINE, name="another dtype", dtypes=("float16",)),
        replace(MINE, name="another release", versions="<2.10"),
        replace(MINE, name="dies", kind="crashes"),
    ]
    from tests.gate.report import as_text

    rows = as_text(100, waivers.waiver_table(issues, [record], 100)).splitlines()
    said = {name: next(row for row in rows if row.strip().startswith(name)) for name in (each.name for each in issues)}
    assert said["mine"].split() == ["mine", "2", "7", "slow"]
    for name in ("elsewhere", "another dtype", "another release"):
        assert "not judged here" in said[name]
    assert "not drawn" in said["dies"]
