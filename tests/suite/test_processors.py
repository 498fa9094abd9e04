"""What several machines do differently, from reports that the gate writes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.gate.machines import read
from tests.gate.processors import main, summary
from tests.suite.report_samples import finding, gate_json

MACHINES = ("ubuntu-latest", "ubuntu-24.04-arm", "macos-latest")

ISSUES = [
    {
        "name": "median-reads-too-far", "kind": "wrong", "targets": [], "link": "unreported", "reason": "It does.",
        "answers": {"cpu": {"status": "wrong", "said": "came 1 due 2"}},
    }
]  # fmt: skip

NOTHING = "Nothing: what was measured, what is known and what was found is the same on all of them."


@pytest.fixture
def reports(tmp_path):
    """Three reports alike, each in a folder with the name of its machine."""
    for name in MACHINES:
        (tmp_path / name).mkdir()
        gate_json(tmp_path / name)
        change(tmp_path / name / "gate.json", processor=f"processor of {name}", known_issues=ISSUES)
    return [tmp_path / name / "gate.json" for name in MACHINES]


def change(path, **fields):
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | fields), encoding="utf-8")


def content(path):
    return json.loads(path.read_text(encoding="utf-8"))


def rows(text, first):
    """The rows of tables whose first cell says ``first``, each as its cells."""
    found = [[cell.strip() for cell in line.split(" | ")] for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.removeprefix("| ").removesuffix(" |").strip() for cell in row] for row in found]
    return [row for row in cells if row[0] == first]


def test_machines_alike_have_a_row_each_and_no_difference(reports):
    text = summary(read(reports))
    assert NOTHING in text
    for name in MACHINES:
        ((_, processor, system, torch, targets, verdict, judged, comparisons, seconds),) = rows(text, name)
        assert processor == f"processor of {name}"
        assert system == content(reports[0])["machine"].replace("_", "\\_")
        assert torch == content(reports[0])["torch"].replace("_", "\\_")
        assert (targets, verdict) == ("cpu", "✅ green")
        # Two dtypes, and twice as many comparisons as elements: 1,000, 10,000 and 100,000.
        assert (judged, comparisons, seconds) == ("1 of 179", "444,000", "8")
    assert "###" not in text.replace("### What they do differently", "")


def test_facts_that_differ_are_shown_with_everything_of_which_they_are_said(reports):
    facts = content(reports[1])["facts"]
    for case in facts.values():
        case["powers_are_exact"] = False
    facts["cpu float32"] |= {"product_roundoff": 0.0, "composite": ["elu", "silu"]}
    change(reports[1], facts=facts)
    text = summary(read(reports))
    assert NOTHING not in text
    assert "Measured of their arithmetic:" in text
    assert rows(text, "powers are exact") == [
        ["powers are exact", "cpu float64, cpu float32", "yes", "no", "yes"],
    ]
    assert rows(text, "product roundoff") == [["product roundoff", "cpu float32", "0.00390625", "0", "0.00390625"]]
    assert rows(text, "composite: gelu") == [["composite: gelu", "cpu float32", "yes", "no", "yes"]]
    assert rows(text, "composite: silu") == [["composite: silu", "cpu float32", "no", "yes", "no"]]
    assert not rows(text, "composite: elu")
    assert not rows(text, "flushes subnormals")


def test_what_only_one_machine_was_asked_is_no_difference(reports):
    report = content(reports[2])
    change(
        reports[2],
        devices=["cpu", "mps"],
        facts=report["facts"] | {"mps float32": report["facts"]["cpu float32"]},
        known_issues=[ISSUES[0] | {"answers": ISSUES[0]["answers"] | {"mps": {"status": "mended", "said": "right"}}}],
    )
    text = summary(read(reports))
    assert NOTHING in text
    assert rows(text, MACHINES[2])[0][4] == "cpu, mps"


def test_a_fact_that_one_machine_was_not_asked_has_a_dash(reports):
    facts = content(reports[0])["facts"]
    facts["cpu float64"].pop("powers_are_exact")
    change(reports[0], facts=facts)
    facts = content(reports[1])["facts"]
    facts["cpu float64"]["powers_are_exact"] = False
    change(reports[1], facts=facts)
    assert rows(summary(read(reports)), "powers are exact") == [["powers are exact", "cpu float64", "–", "no", "yes"]]


@pytest.mark.parametrize("status", ["mended", "cannot be shown"])
def test_a_known_issue_that_is_not_wrong_everywhere_is_shown_with_what_its_reproducer_said(reports, status):
    said = "this processor has no AVX-512"
    change(reports[1], known_issues=[ISSUES[0] | {"answers": {"cpu": {"status": status, "said": said}}}])
    text = summary(read(reports))
    assert NOTHING not in text
    assert rows(text, ISSUES[0]["name"]) == [[ISSUES[0]["name"], "cpu", "wrong", status, "wrong"]]
    assert f"- {ISSUES[0]['name']} on cpu, {MACHINES[1]}: {said}" in text
    assert "came 1 due 2" not in text


def test_what_sums_lose_is_shown_where_it_differs(reports):
    # The samples lose in float16, and measure nothing there.
    facts = {"cpu float16": content(reports[0])["facts"]["cpu float32"]}
    for path in reports:
        change(path, facts=facts)
    assert NOTHING in summary(read(reports))
    lost, wholly = content(reports[1])["losses"]
    assert wholly["factor"] is None
    change(reports[1], losses=[lost | {"factor": 8.0}])
    text = summary(read(reports))
    assert NOTHING not in text
    assert "What sums lose, in times too small:" in text
    assert [row[1:] for row in rows(text, lost["issue"])] == [
        ["conv1d, gradient of operand 1", "cpu float16", "4", "8", "4"],
        ["take, output", "cpu float16", "∞", "none", "∞"],
    ]


def test_a_run_that_was_ended_says_nothing_of_losses_that_it_did_not_see(reports):
    for path in reports:
        change(path, facts={"cpu float16": {}})
    change(reports[1], losses=[], verdict="unfinished")
    text = summary(read(reports))
    assert NOTHING in text
    assert rows(text, MACHINES[1])[0][5] == "❔ unfinished"


def test_findings_are_listed_once_with_where_they_were_seen(reports):
    both = finding("A fault that two machines have: x | *y*")
    change(reports[0], findings=[both], verdict="red")
    change(reports[2], findings=[both, finding("Another.") | {"identifier": "0123456789"}], verdict="red")
    text = summary(read(reports))
    assert "What was measured and what is known is the same on all of them; not all found the same." in text
    assert text.count(both["message"]) == 1
    assert f"On {MACHINES[0]}, {MACHINES[2]}:\n\n```text\n{both['message']}\n```" in text
    assert f"On {MACHINES[2]}:\n\n```text\nAnother.\n```" in text
    assert [rows(text, name)[0][5] for name in MACHINES] == ["❌ red", "✅ green", "❌ red"]


def test_a_finding_that_all_have_is_no_difference(reports):
    for path in reports:
        change(path, findings=[finding()], verdict="red")
    text = summary(read(reports))
    assert NOTHING in text
    assert "On all of them:" in text


def test_many_findings_are_counted(reports):
    many = [finding(f"Number {number}.") | {"identifier": f"{number:010}"} for number in range(23)]
    change(reports[0], findings=many)
    text = summary(read(reports))
    assert "Number 19." in text
    assert "Number 20." not in text
    assert "… and 3 more, which the reports hold." in text


def test_what_a_users_list_waives_is_counted_on_each_machine_with_its_reason(reports):
    entry = ISSUES[0] | {"name": "ours", "list": "known_issues.toml", "reason": "To be | mended.", "answers": {}}
    for path, waived, concerned in zip(reports, (37, 0, 0), (True, True, False), strict=True):
        counts = {"waived": waived, "met": 112 * concerned, "in_scope": concerned}
        change(path, known_issues=[ISSUES[0] | {"list": None}, entry | counts])
    text = summary(read(reports))
    assert NOTHING in text
    assert rows(text.replace("\\|", "¦"), "ours") == [
        ["ours", "known\\_issues.toml", "To be ¦ mended.", "37 in 112", "0 in 112", "–"]
    ]


def test_one_machine_has_nothing_to_be_compared_with(reports):
    text = summary(read(reports[:1]))
    assert "There is one machine, and nothing to compare it with." in text
    assert len(rows(text, MACHINES[0])) == 1


def test_a_report_from_before_processors_were_named_names_the_system(reports):
    change(reports[0], processor="")
    report = content(reports[0])
    assert read(reports[:1])[0].processor == report["machine"]


def test_machines_are_named_by_what_tells_their_folders_apart(reports, tmp_path):
    paths = []
    for name in ("here/old", "here/new", "there/new"):
        paths.append(tmp_path / "judged" / name / "reports" / "gate.json")
        paths[-1].parent.mkdir(parents=True)
        paths[-1].write_bytes(reports[0].read_bytes())
    assert [machine.name for machine in read(paths)] == ["here/old", "here/new", "there/new"]
    assert [machine.name for machine in read(paths[1:])] == ["here", "there"]
    assert [machine.name for machine in read(paths[:2])] == ["old", "new"]
    outer = tmp_path / "gate.json"
    outer.write_bytes(reports[0].read_bytes())
    assert [machine.name for machine in read([outer, reports[0]])] == [".", MACHINES[0]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("{", "broken JSON ("),
        ("[]", "not what the gate writes"),
        ("{}", "not what the gate writes (there is no 'properties')"),
        ('{"properties": 1, "operations": {}, "known_issues": []}', "not what the gate writes"),
    ],
)
def test_bad_input_gets_one_plain_line(reports, capsys, text, words):
    if text is None:
        reports[1].unlink()
    else:
        reports[1].write_text(text, encoding="utf-8")
    assert main(list(map(str, reports))) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert len(output.err.splitlines()) == 1
    assert f"{reports[1]}: {words}" in output.err


def test_no_reports_get_one_plain_line(capsys):
    assert main([]) == 2
    assert capsys.readouterr().err == "give the gate.json of one machine or more\n"


def test_it_runs_where_nothing_is_installed(reports, pytestconfig):
    run = subprocess.run(
        # Without site-packages, whatever is installed there.
        [sys.executable, "-S", "-m", "tests.gate.processors", *map(str, reports)],
        cwd=pytestconfig.rootpath, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == summary(read(reports))
