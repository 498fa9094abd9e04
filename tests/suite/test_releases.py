"""The table of known issues and releases: it says what came, and entries, table and tox.ini agree."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from oracle.known_issue import KnownIssue, minor_release
from oracle.known_issues import known_issues
from oracle.target import Target
from tests.gate import releases
from tests.gate.agreement import disagreements, is_verified, tox_disagreements
from tests.gate.release_table import ANSWERS, FOLDER, PAGE, BrokenTable, Column, Told, cell, page, read, write
from tests.gate.releases import TARGETS, absence_there, main
from tests.gate.reproducers import BROKEN, STATUSES, answers

ISSUE = KnownIssue("n", "wrong", "r", ">=2.13,<2.15", reproducer="import torch", verified=("2.12", "2.13"))
WITH_ONEDNN = replace(ISSUE, targets=("cpu/onednn=on",))
MENDED, WRONG, NOT_SHOWN = STATUSES.values()


def column(torch_version="2.13.0+cpu", name="n", **statuses):
    """A column with one entry; a status for each target, whose marks are left out of its name."""
    names = {"cpu": "cpu", "off": "cpu/onednn=off", "avx2": "cpu/isa=avx2", "sse41": "cpu/isa=sse41"}
    told = {names[short]: Told(status, f"said {short}") for short, status in statuses.items()}
    return Column(torch_version, "2026-11-23", "a processor, AVX2", {name: told} if told else {})


# The repository's own


def test_own_entries_say_what_came_on_each_release():
    assert disagreements(known_issues(), read(FOLDER / ANSWERS)) == []


def test_tox_installs_the_releases_of_the_table(pytestconfig):
    text = (pytestconfig.rootpath / "tox.ini").read_text(encoding="utf-8")
    assert tox_disagreements(text, read(FOLDER / ANSWERS)) == []


def test_the_page_is_what_the_answers_say():
    text = (FOLDER / PAGE).read_text(encoding="utf-8")
    assert text == page(known_issues(), read(FOLDER / ANSWERS)), "run 'python -m tests.gate.releases --render'"


def test_the_columns_are_of_their_releases_and_hold_statuses_that_exist():
    for release, each in read(FOLDER / ANSWERS).items():
        assert minor_release(each.torch) == release
        told = [told for by_target in each.answers.values() for told in by_target.values()]
        assert {each.status for each in told} <= {*STATUSES.values(), BROKEN}
        assert all(str(Target.parse(target)) == target for target in each.targets)


# What a cell says


@pytest.mark.parametrize(
    ("statuses", "text"),
    [
        ({"cpu": WRONG, "off": WRONG}, "wrong"),
        ({"cpu": MENDED, "off": MENDED}, "right"),
        ({"cpu": NOT_SHOWN}, "cannot be shown"),
        (
            {"cpu": WRONG, "avx2": MENDED, "off": NOT_SHOWN},
            "wrong; right at cpu/isa=avx2; cannot be shown at cpu/onednn=off",
        ),
        ({"cpu": NOT_SHOWN, "avx2": WRONG, "sse41": WRONG}, "cannot be shown; wrong at cpu/isa=avx2, cpu/isa=sse41"),
        ({"cpu": MENDED, "off": BROKEN}, "right; broken at cpu/onednn=off"),
        ({}, "–"),
    ],
)
def test_a_cell_names_targets_that_answer_otherwise(statuses, text):
    assert cell(ISSUE, column(**statuses)) == text


def test_an_entry_is_judged_at_its_own_targets():
    assert cell(WITH_ONEDNN, column(cpu=WRONG, off=MENDED)) == "wrong"
    assert cell(WITH_ONEDNN, column(off=MENDED)) == "–"


def test_a_release_is_verified_if_it_answers_as_the_versions_say():
    inside, outside = "2.14.1", "2.15.0"
    assert is_verified(ISSUE, column(inside, cpu=WRONG))
    assert is_verified(ISSUE, column(inside, cpu=NOT_SHOWN, avx2=WRONG))
    assert not is_verified(ISSUE, column(inside, cpu=NOT_SHOWN))
    assert not is_verified(ISSUE, column(inside, cpu=MENDED))
    assert not is_verified(WITH_ONEDNN, column(inside, cpu=NOT_SHOWN, off=WRONG))
    assert is_verified(ISSUE, column(outside, cpu=MENDED))
    assert is_verified(ISSUE, column(outside, cpu=NOT_SHOWN, avx2=MENDED))
    assert not is_verified(ISSUE, column(outside, cpu=NOT_SHOWN))
    assert not is_verified(ISSUE, column(outside, cpu=MENDED, avx2=WRONG))
    assert not is_verified(ISSUE, column(outside, cpu=MENDED, avx2=BROKEN))
    assert not is_verified(WITH_ONEDNN, column(outside, cpu=NOT_SHOWN, off=MENDED))
    assert not is_verified(ISSUE, column(inside))
    assert not is_verified(ISSUE, column(outside))


# What disagrees

RIGHT_BEFORE, WRONG_WITHIN = column("2.12.0", cpu=MENDED), column(cpu=WRONG)


@pytest.mark.parametrize(
    ("issue", "columns", "lines"),
    [
        (ISSUE, {"2.12": RIGHT_BEFORE, "2.13": WRONG_WITHIN}, []),
        (
            ISSUE,
            {"2.12": column("2.12.0", cpu=WRONG, avx2=WRONG), "2.13": WRONG_WITHIN},
            ["n: wrong in 2.12 at cpu, cpu/isa=avx2, outside its versions, '>=2.13,<2.15': widen them"],
        ),
        (
            ISSUE,
            {"2.12": RIGHT_BEFORE, "2.13": column(cpu=MENDED, avx2=NOT_SHOWN)},
            ["n: right in 2.13 at cpu, within its versions, '>=2.13,<2.15': bound them"],
        ),
        (
            ISSUE,
            {"2.12": RIGHT_BEFORE, "2.13": column(cpu=WRONG, off=MENDED)},
            ["n: right in 2.13 at cpu/onednn=off, within its versions, '>=2.13,<2.15': narrow its targets"],
        ),
        (WITH_ONEDNN, {"2.12": RIGHT_BEFORE, "2.13": column(cpu=WRONG, off=MENDED)}, []),
        (
            ISSUE,
            {"2.12": RIGHT_BEFORE, "2.13": column(cpu=WRONG, off=BROKEN)},
            ["n: its reproducer is broken in 2.13 at cpu/onednn=off: mend it"],
        ),
        (
            ISSUE,
            {"2.12": RIGHT_BEFORE, "2.13": WRONG_WITHIN, "2.15": column("2.15.0", cpu=MENDED)},
            ["n: add '2.15' to its verified"],
        ),
        (
            ISSUE,
            {"2.12": column("2.12.0", cpu=NOT_SHOWN), "2.13": column()},
            [
                "n: take '2.12' out of its verified: nothing of it was shown there",
                "n: take '2.13' out of its verified: nothing of it was shown there",
            ],
        ),
        (
            ISSUE,
            {"2.13": WRONG_WITHIN},
            [
                "n: take '2.12' out of its verified, or run 'python -m tox run -e known-issues-t212', since it has no"
                " column"
            ],
        ),
    ],
)
def test_each_disagreement_is_a_line_that_says_what_to_change(issue, columns, lines):
    assert disagreements((issue,), columns) == lines


TOX = """\
[testenv]
deps =
    t29: torch==2.9.*
    t213: torch==2.13.*
    !t29-!t213: torch==2.13.*

[testenv:gate{,-t29,-t213}]
commands = python -m pytest {posargs}

[testenv:paths]
commands = python -m tests.paths
"""


@pytest.mark.parametrize(
    ("replaced", "by", "found", "words"),
    [
        ("", "", ["2.9", "2.13"], []),
        (
            "", "", ["2.13"],
            ["t29 installs torch 2.9, of which docs/known-issues.json has no column: run 'python -m tox run"],
        ),
        ("", "", ["2.9", "2.13", "2.14"], ["docs/known-issues.json: tox.ini has no factor for torch 2.14"]),
        ("gate{,-t29,-t213}", "gate{,-t213}", ["2.9", "2.13"], ["name t29, t213 in 'testenv:gate{,-t213}'"]),
        ("gate{,-t29,-t213}", "gate{,-t29,-t213,-t214}", ["2.9", "2.13"], ["name t29, t213 in 'testenv:gate{,-t29"]),
        ("!t29-!t213", "!t29", ["2.9", "2.13"], ["name t29, t213 in '!t29: torch==2.13.*'"]),
        ("t29", "t209", ["2.9", "2.13"], ["call t209, which installs torch 2.9, t29"]),
        ("    t29: torch==2.9.*\n", "", ["2.13"], ["name t213 in 'testenv:gate", "name t213 in '!t29-!t213"]),
    ],
)  # fmt: skip
def test_each_disagreement_with_tox_is_a_line_that_says_what_to_change(replaced, by, found, words):
    lines = tox_disagreements(TOX.replace(replaced, by), found)
    assert len(lines) == len(words)
    assert all(each in line for each, line in zip(words, lines, strict=True))


# The files


def test_both_files_are_written_whole_and_in_the_order_of_releases(tmp_path):
    columns = {"2.10": column("2.10.0", cpu=MENDED), "2.9": column("2.9.1", cpu=NOT_SHOWN)}
    columns["2.10"].answers["deleted"] = {"cpu": Told(WRONG, "")}
    write(tmp_path, (ISSUE,), columns)
    assert sorted(each.name for each in tmp_path.iterdir()) == [ANSWERS, PAGE]
    content = json.loads((tmp_path / ANSWERS).read_text())
    assert content["schema_version"] == 1
    assert list(content["releases"]) == ["2.9", "2.10"]
    assert content["releases"]["2.10"] == {
        "torch": "2.10.0",
        "date": "2026-11-23",
        "processor": "a processor, AVX2",
        "answers": {"n": {"cpu": {"status": "mended", "said": "said cpu"}}},
    }
    assert "deleted" in columns["2.10"].answers
    columns["2.10"].answers.pop("deleted")
    assert list(read(tmp_path / ANSWERS).items()) == [("2.9", columns["2.9"]), ("2.10", columns["2.10"])]


def test_a_page_has_a_row_for_each_entry_and_one_for_each_release():
    linked = replace(
        ISSUE, name="linked", kind="raises", link="https://github.com/pytorch/pytorch/issues/1", verified=()
    )
    columns = {"2.10": column("2.10.0", cpu=MENDED, off=NOT_SHOWN), "2.9": column("2.9.1", name="linked", cpu=WRONG)}
    columns["2.9"] = replace(columns["2.9"], processor="one | another")
    lines = page((ISSUE, linked), columns).splitlines()
    assert [line for line in lines if line.startswith("|")] == [
        "| entry | kind | reported | 2.9 | 2.10 | verified |",
        "| --- | --- | --- | --- | --- | --- |",
        "| n | wrong | unreported | – | right; cannot be shown at cpu/onednn=off | 2.12, 2.13 |",
        "| linked | raises | [pytorch/pytorch#1](https://github.com/pytorch/pytorch/issues/1) | wrong | – | – |",
        "| release | torch | processor | date | targets | command |",
        "| --- | --- | --- | --- | --- | --- |",
        "| 2.9 | 2.9.1 | one \\| another | 2026-11-23 | cpu | `python -m tox run -e known-issues-t29` |",
        "| 2.10 | 2.10.0 | a processor, AVX2 | 2026-11-23 | cpu, cpu/onednn=off |"
        " `python -m tox run -e known-issues-t210` |",
    ]


WHOLE = """{"schema_version": 1, "releases": {"2.13": {
    "torch": "2.13.0", "date": "", "processor": "", "answers": {"n": {"cpu": {"status": "wrong", "said": ""}}}
}}}"""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "broken JSON"),
        ("[]", "not what 'python -m tests.gate.releases' writes"),
        ('{"releases": {}}', "not what 'python -m tests.gate.releases' writes"),
        ('{"schema_version": 1, "releases": {"2.13": {}}}', "not what 'python -m tests.gate.releases' writes"),
        ('{"schema_version": 2, "releases": {}}', "has schema_version 2, and 1 is read here"),
        ('{"schema_version": 1, "releases": {"two": 1}}', "not what 'python -m tests.gate.releases' writes"),
        (WHOLE.replace('"2.13":', '"two":'), "column 'two': torch 2.13.0 belongs in the column 2.13"),
        (WHOLE.replace("2.13.0", "two"), "column '2.13': Invalid version: 'two'"),
        (WHOLE.replace("cpu", "cpu/speed=1"), "column '2.13': unknown key 'speed'"),
    ],
)
def test_a_broken_file_gets_one_line(content, words, tmp_path, capsys):
    (tmp_path / ANSWERS).write_text(WHOLE)
    assert read(tmp_path / ANSWERS)
    (tmp_path / ANSWERS).write_text(content)
    with pytest.raises(BrokenTable, match=words) as caught:
        read(tmp_path / ANSWERS)
    assert main(["--render", "--folder", str(tmp_path)]) == 2
    assert capsys.readouterr().err.splitlines() == [str(caught.value)]
    assert [each.name for each in tmp_path.iterdir()] == [ANSWERS]


# The command

HERE = minor_release(str(torch.__version__))


@pytest.fixture
def listed(monkeypatch):
    """Makes entries, by name and exit status of the reproducer, the only ones; in tox a variable may limit oneDNN."""

    def make(codes, **changes):
        changes = {"versions": ">=2", "verified": ()} | changes
        issues = [
            replace(ISSUE, name=name, reproducer=f"print('came')\nraise SystemExit({code})", **changes)
            for name, code in codes.items()
        ]
        monkeypatch.setattr(releases, "known_issues", lambda: tuple(issues))
        return tuple(issues)

    for name in releases.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return make


def test_the_command_fills_its_column_and_leaves_others(listed, tmp_path, capsys):
    write(tmp_path, listed({"one": 1, "two": 2}), {"2.9": column("2.9.1", name="one", cpu=WRONG)})
    run = ["--folder", str(tmp_path), "--targets", "cpu,cpu/onednn=off,cuda:99"]
    assert main(run) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("cuda:99 is left out: ")
    assert said[1:] == [
        "one: wrong",
        "two: cannot be shown",
        "one: add '2.9' to its verified",
        f"one: add '{HERE}' to its verified",
        str(tmp_path / ANSWERS),
        str(tmp_path / PAGE),
    ]
    found = read(tmp_path / ANSWERS)
    assert list(found) == ["2.9", HERE]
    assert found[HERE].torch == torch.__version__
    assert found[HERE].answers == {
        name: {target: Told(status, "came") for target in ("cpu", "cpu/onednn=off")}
        for name, status in (("one", WRONG), ("two", NOT_SHOWN))
    }
    issues = listed({"one": 1}, verified=("2.9", HERE))
    assert main(run) == 0
    assert (tmp_path / PAGE).read_text() == page(issues, read(tmp_path / ANSWERS))


def test_entries_of_other_versions_are_asked_too(listed, tmp_path, capsys):
    listed({"one": 1}, versions=">99")
    assert main(["--folder", str(tmp_path), "--targets", "cpu"]) == 1
    assert "one: wrong in" in capsys.readouterr().out


def test_a_column_that_comes_meanwhile_is_kept(listed, tmp_path, monkeypatch):
    issues = listed({"one": 1})

    def answers_while_another_release_is_asked(*asked):
        write(tmp_path, issues, {"2.9": column("2.9.1", name="one", cpu=WRONG)})
        return answers(*asked)

    monkeypatch.setattr(releases, "answers", answers_while_another_release_is_asked)
    main(["--folder", str(tmp_path), "--targets", "cpu"])
    assert list(read(tmp_path / ANSWERS)) == ["2.9", HERE]


def test_rendering_asks_nothing(listed, tmp_path, monkeypatch):
    write(tmp_path, listed({"one": 1}, verified=("2.9",)), {"2.9": column("2.9.1", name="one", cpu=WRONG)})
    monkeypatch.setattr(releases, "answers", None)
    before = (tmp_path / ANSWERS).read_text()
    (tmp_path / PAGE).write_text("old")
    assert main(["--render", "--folder", str(tmp_path)]) == 0
    assert "| one | wrong | unreported | wrong | 2.9 |" in (tmp_path / PAGE).read_text()
    assert (tmp_path / ANSWERS).read_text() == before
    listed({"one": 1}, versions=">99")
    assert main(["--render", "--folder", str(tmp_path)]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--targets", "cpu/speed=1"], "cpu/speed=1: unknown key 'speed'; choose from onednn"),
        (["--targets", ""], "give names with commas between them"),
        (["--targets", "cuda:99"], "none of these targets can be used on this machine; name others with --targets"),
        (["--render"], "known-issues.json: not there; run 'python -m tests.gate.releases' to make it"),
        (["--folder", "/proc/nowhere"], "/proc/nowhere: cannot be written ("),
    ],
)
def test_bad_input_gets_one_line(arguments, words, listed, tmp_path, capsys):
    listed({"one": 1})
    try:
        status = main(["--folder", str(tmp_path), *arguments])
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    assert words in capsys.readouterr().err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_a_build_that_is_no_release_has_no_column(listed, tmp_path, capsys, monkeypatch):
    listed({"one": 1})
    monkeypatch.setattr(releases, "environment", lambda: {"torch": "2.16.0a0+git1234"})
    assert main(["--folder", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("torch 2.16.0a0+git1234 is no release")
    assert not list(tmp_path.iterdir())


def test_a_variable_that_chooses_a_path_is_refused(listed, tmp_path, capsys, monkeypatch):
    listed({"one": 1})
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    assert main(["--folder", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(
        "ONEDNN_MAX_CPU_ISA is set to SSE41, so that no target is what it is called"
    )


def test_a_target_is_tried_in_a_process_of_its_own(monkeypatch):
    monkeypatch.delenv("ATEN_CPU_CAPABILITY", raising=False)
    assert absence_there(Target.parse("cpu/capability=default")) is None
    assert absence_there(Target("nonsense"))
    died = SimpleNamespace(returncode=-4, stdout="", stderr="")
    monkeypatch.setattr(releases.subprocess, "run", lambda *arguments, **options: died)
    assert absence_there(Target("cpu")) == "Python ends there with status -4"


def test_default_targets_are_targets_of_the_cpu():
    assert all(str(Target.parse(each)) == each and Target.parse(each).device == "cpu" for each in TARGETS)
