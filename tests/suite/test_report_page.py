"""The page and the summary: that they say what the files say, load nothing, and refuse what is broken in one line."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from html.parser import HTMLParser

import pytest

from benchmarks import records
from benchmarks.report import issue_releases, quantities
from benchmarks.report.__main__ import main
from benchmarks.report.facts import differences
from benchmarks.report.inputs import COMMANDS, Facts
from oracle.known_issues import known_issues
from tests.gate.release_table import ANSWERS, Column, Told, write
from tests.gate.whole_files import write_whole_texts
from tests.suite.processes import python
from tests.suite.report_samples import MESSAGE, all_reports, benchmarks_json, finding, gate_json, paths_json

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"'`|* ]]> <!--"


class Elements(HTMLParser):
    """All elements with their attributes, and the text of each kind of element."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.texts = {}
        self.inside = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self.inside.append(tag)

    def handle_endtag(self, tag):
        while tag in self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        for tag in set(self.inside):
            self.texts[tag] = self.texts.get(tag, "") + data


def unpacked(page):
    """What is compressed in the page, by name."""
    start = page.index('<script type="application/json" id="packed">')
    packed = json.loads(page[page.index(">", start) + 1 : page.index("</script>", start)])
    return {name: gzip.decompress(base64.b64decode(content)).decode() for name, content in packed.items()}


@pytest.fixture
def page(tmp_path):
    assert main(["--reports", str(all_reports(tmp_path, [finding()]))]) == 0
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def reported(folder):
    assert main(["--reports", str(folder)]) == 0
    return (folder / "report.html").read_text(encoding="utf-8")


def refused(capsys, folder, *arguments):
    """The one line on stderr of a run that fails and leaves nothing behind."""
    before = sorted(folder.rglob("*")) if folder.exists() else []
    assert main(["--reports", str(folder), *arguments]) == 1
    written = capsys.readouterr()
    assert not written.out
    (line,) = written.err.splitlines()
    assert (sorted(folder.rglob("*")) if folder.exists() else []) == before
    return line


def test_the_command_writes_both_files_and_says_where(pytestconfig, tmp_path):
    all_reports(tmp_path)
    run = python("-m", "benchmarks.report", "--reports", tmp_path, folder=pytestconfig.rootpath)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.split() == [str(tmp_path / "report.html"), str(tmp_path / "summary.md")]
    assert {each.name for each in tmp_path.iterdir()} == {*COMMANDS, "report.html", "summary.md"}


def test_the_page_goes_where_it_is_asked_for(tmp_path):
    gate_json(tmp_path)
    assert main(["--reports", str(tmp_path), "--output", str(tmp_path / "page.html")]) == 0
    assert {each.name for each in tmp_path.iterdir()} == {"gate.json", "page.html", "summary.md"}


def test_nothing_is_loaded(page):
    elements = Elements(page)
    for tag, attributes in elements.found:
        for name in ("src", "srcset", "data", "poster", "action", "background"):
            assert name not in attributes, (tag, attributes)
        if tag in ("link", "image", "use"):
            assert attributes.get("href", "data:").startswith("data:")
        assert tag not in ("iframe", "object", "embed", "base")
    style = elements.texts["style"] + "".join(attributes.get("style", "") for _, attributes in elements.found)
    assert "url(" not in style
    assert "@import" not in style
    policies = [each["content"] for tag, each in elements.found if each.get("http-equiv") == "Content-Security-Policy"]
    assert policies[0].startswith("default-src 'none';")


def test_a_large_page_has_at_most_two_megabytes(tmp_path):
    all_reports(tmp_path, [finding()])
    benchmarks_json(tmp_path, cases=2000)
    assert len(reported(tmp_path).encode()) <= 2_000_000


def test_verdict_findings_and_reproducer_are_there(page):
    texts = Elements(page).texts
    assert "Gate red" in texts["h1"]
    assert texts["pre"] == MESSAGE
    assert "python reports/findings/454ed1e8c2.py" in texts["code"]
    assert "wrong in float64 on cpu" in texts["table"]
    assert "1 finding in operations. 222,000 gradient elements compared." in page
    assert "PyTorch" in texts["dt"]


@pytest.mark.parametrize(
    ("failed", "words"),
    [
        ((3, 0), "wrong in float64 on cpu (3 of 179)"),
        ((179, 1), "wrong in float64 on cpu (179 of 179), float32 on cpu (1 of 179)"),
        ((179, 179), "wrong everywhere"),
    ],
)
def test_wrong_operations_are_counted(failed, words, tmp_path):
    path = gate_json(tmp_path, [finding()])
    content = json.loads(path.read_text(encoding="utf-8"))
    for row, count in zip(content["properties"][:2], failed, strict=True):
        row |= {"items": 179, "failed": count, "outcome": "failed" if count else "passed"}
    path.write_text(json.dumps(content), encoding="utf-8")
    assert words in Elements(reported(tmp_path)).texts["table"]


def test_the_operations_to_which_a_run_kept_are_shown(tmp_path):
    path = gate_json(tmp_path)
    assert "--operations" not in reported(tmp_path)
    content = json.loads(path.read_text(encoding="utf-8")) | {"operations_chosen": ["add", "mul"]}
    path.write_text(json.dumps(content), encoding="utf-8")
    page = reported(tmp_path)
    assert "Operations" in Elements(page).texts["dt"]
    assert "add, mul" in Elements(page).texts["dd"]
    assert "--operations=add,mul --hypothesis-profile=ci" in page


def test_a_run_that_was_not_finished_is_shown_as_such(tmp_path):
    gate_json(tmp_path, finished=False)
    page = reported(tmp_path)
    assert "The gate was not finished" in Elements(page).texts["h1"]
    assert '<header class="none">' in page
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("## ❔ The gate was not finished")
    for text in (page, summary):
        assert "It was ended before its time. 222,000 gradient elements compared until then" in text
        assert "Gate green" not in text


def test_a_finding_that_does_not_come_again_has_no_command(tmp_path):
    gate_json(tmp_path, [finding(reproducer=None)])
    page = reported(tmp_path)
    assert "There is no reproducer" in page
    assert "python None" not in page + (tmp_path / "summary.md").read_text()


def test_every_table_explains_every_column(page):
    elements = Elements(page)
    identifiers = {each["id"] for tag, each in elements.found if tag == "div" and each.get("class") == "table"}
    assert identifiers >= {
        "properties",
        "dtypes",
        "known-issues",
        "issue-releases",
        "losses",
        "facts",
        "code-paths",
        "path-differences",
        "areas",
        "faults",
        "thresholds",
        "accuracy",
        "families",
        "cases",
    }
    assert sum(tag == "input" for tag, _ in elements.found) == len(identifiers)
    headings = sum(tag == "th" and each.get("scope") == "col" for tag, each in elements.found)
    start = page.index("<main")
    assert page[start:].count("<dd>") == headings + page[page.index('id="environment"') :].count("<dd>")


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_missing_says_which_command_makes_it(name, tmp_path):
    all_reports(tmp_path)
    (tmp_path / name).unlink()
    assert f"There is no {name}: <code>{COMMANDS[name]}</code> makes it." in reported(tmp_path)
    if name != "accuracy.json":
        assert f"There is no {name}: `{COMMANDS[name]}` makes it." in (tmp_path / "summary.md").read_text()


def test_files_about_different_builds_are_pointed_out(tmp_path):
    all_reports(tmp_path)
    for name, torch in (("gate.json", "2.12.0"), ("power.json", "2.13.0")):
        path = tmp_path / name
        path.write_text(json.dumps(json.loads(path.read_text()) | {"torch": torch}))
    assert "gate.json is about 2.12.0, power.json is about 2.13.0" in reported(tmp_path)


def changed(path, change):
    """Write ``path`` again, with what ``change`` makes of its content."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def all_hostile(content):
    """``content`` with every text in lists and objects replaced, and names of objects too."""
    if isinstance(content, dict):
        return {HOSTILE if "_" not in name else name: all_hostile(each) for name, each in content.items()}
    if isinstance(content, list):
        return [all_hostile(each) for each in content]
    return HOSTILE if isinstance(content, str) else content


def test_hostile_texts_stay_texts(tmp_path):
    all_reports(tmp_path, [finding(HOSTILE)])
    benchmarks_json(tmp_path, says=HOSTILE)
    paths_json(tmp_path, [finding(HOSTILE)], ended=HOSTILE)

    def gate(content):
        issue = {"name": HOSTILE, "reason": HOSTILE, "link": "javascript:alert(3)", "kind": HOSTILE}
        answers = {HOSTILE: {"status": HOSTILE, "said": HOSTILE}}
        content["known_issues"] = [issue | {"targets": [HOSTILE], "answers": answers}]
        content["losses"] = [
            {name: HOSTILE if isinstance(each, str) else each for name, each in lost.items()}
            for lost in content["losses"]
        ]
        content["facts"] = all_hostile(content["facts"])

    def paths(content):
        for each in content["paths"]:
            each["dtypes"] = {HOSTILE: {"examples": 1, "verdict": f"**{HOSTILE}**"}}
            each["facts"] = all_hostile(each["facts"])
            each["target"] += HOSTILE
            each["remark"] = HOSTILE
        content["paths"][1]["facts"][HOSTILE]["kept_in_dtype"] = [f"another {HOSTILE}"]
        content["unavailable"] = [{"target": HOSTILE, "why": HOSTILE}]
        content["findings"][0]["paths"] = [HOSTILE]
        content["stored"] |= {"profile": HOSTILE, "seed": HOSTILE, "ended": HOSTILE}

    changed(tmp_path / "gate.json", gate)
    changed(tmp_path / "paths.json", paths)
    page = reported(tmp_path)
    elements = Elements(page)
    assert elements.texts["pre"] == HOSTILE * 2
    assert "sums are kept in the dtype: another </script>" in elements.texts["table"]
    rows = Elements(unpacked(page)["rows of cases"])
    assert HOSTILE in rows.texts["small"]
    assert not any(tag in ("script", "img") for tag, _ in rows.found)
    # What is packed, and what unpacks it.
    assert sum(tag == "script" for tag, _ in elements.found) == 2
    assert not any(tag == "img" for tag, _ in elements.found)
    assert not any("javascript" in each.get("href", "") for _, each in elements.found)
    assert json.loads(unpacked(page)["drawings"])["data"]["cases"]["workload"]
    summary = (tmp_path / "summary.md").read_text()
    assert summary.count(f"```text\n{HOSTILE}\n```") == 2
    assert HOSTILE not in summary.replace(f"```text\n{HOSTILE}\n```", "")
    assert "<" not in summary.replace(f"```text\n{HOSTILE}\n```", "").replace("\\<", "")


def test_a_message_cannot_end_its_block_in_the_summary(tmp_path):
    gate_json(tmp_path, [finding("```\n# no heading\n````")])
    reported(tmp_path)
    assert "`````text\n```\n# no heading\n````\n`````" in (tmp_path / "summary.md").read_text()


def test_the_files_are_in_the_page(page, tmp_path):
    kept = unpacked(page)
    assert [each["data-file"] for _, each in Elements(page).found if "data-file" in each] == list(COMMANDS)
    for name in ("gate.json", "power.json", "accuracy.json"):
        assert kept[name] == (tmp_path / name).read_text(encoding="utf-8")
    again = records.results(json.loads(kept["benchmarks.json"]))
    whole = records.read(tmp_path / "benchmarks.json")
    assert [each.name for each in again.records] == [each.name for each in whole.records]
    medians = [each.timings["total"].median for each in whole.records]
    assert [each.timings["total"].median for each in again.records] == [float(f"{each:.4g}") for each in medians]


def test_the_command_of_a_case_times_it_again(tmp_path):
    benchmarks_json(tmp_path, cases=24)
    rows = unpacked(reported(tmp_path))["rows of cases"]
    start = "tox run -e bench -- --workload workload-0-of-elementwise --dtype"
    # 10^3 elements are timed in float32 by default, 10 only in full.
    assert f"{start} float64 --device cpu --full</code>" in rows
    assert f"{start} float32 --device cpu --full</code>" in rows
    assert "tox run -e bench -- --workload products-10 --dtype float32 --device cpu</code>" in rows


def test_a_comparison_says_what_was_compared_and_what_came(page):
    texts = Elements(page).texts
    assert "Base is torch 2.12.1, head is torch 2.13.0+cpu." in texts["li"]
    assert "Base beside itself with 1.5 times the work must be slower: slower, 1.50×." in texts["li"]
    assert "FAILED: slower: exp (backward)" in texts["li"]
    assert "nodes 2 → 3" in texts["table"]


def rows(page, table):
    """The texts of the cells of ``table``, row by row."""
    start = page.index("<tbody>", page.index(f'<div class="table" id="{table}">'))
    lines = page[start : page.index("</table>", start)].split("<tr>")[1:]
    cells = [re.split(r"<t[dh][^>]*>", line)[1:] for line in lines]
    return [[" ".join(html.unescape(re.sub("<[^>]*>", " ", cell)).split()) for cell in line] for line in cells]


def test_code_paths_say_where_what_is_right(tmp_path):
    paths_json(tmp_path, [finding()], ended="killed by SIGSEGV")
    page = reported(tmp_path)
    assert rows(page, "code-paths") == [
        ["cpu", "right", "right", "2,000", "24 s", "–"],
        ["cpu/onednn=off", "right", "WRONG 1", "2,000", "24 s", "–"],
        ["cpu/isa=avx2", "ended", "ended", "2,000", "24 s", "ended: killed by SIGSEGV"],
        ["cpu/products=bfloat16", *["–"] * 4, "not on this machine: products of float32 matrices are the same"],
    ]
    assert '<strong class="bad">1 of 3</strong> <span>code paths right</span>' in page
    texts = Elements(page).texts
    assert "1,234 programs drawn in 24 s, profile ci, 150 examples a property, seed 7." in texts["li"]
    assert texts["pre"] == MESSAGE
    assert "Wrong on cpu/onednn=off, and not on cpu." in texts["p"]
    summary = (tmp_path / "summary.md").read_text()
    assert (
        "| Path | float64 | float32 | Programs | Time | Remark |\n| :--- | :--- | :--- | ---: | ---: | :--- |"
        in summary
    )
    assert "| cpu/onednn=off | right | **WRONG 1** | 2,000 | 24 s | – |" in summary
    assert "| cpu/isa=avx2 | **ended** | **ended** | 2,000 | 24 s | ended: killed by SIGSEGV |" in summary
    assert "Wrong on cpu/onednn=off, and not on cpu." in summary


def test_code_paths_that_are_all_right_are_counted(page):
    assert '<strong class="good">3 of 3</strong> <span>code paths right</span>' in page
    assert ["cpu/isa=avx2", "right", "right", "2,000", "24 s", "as without the limit"] in rows(page, "code-paths")


def test_a_finding_says_whether_the_base_shows_it(tmp_path):
    paths_json(tmp_path, [finding()])
    for shown, words in ((["cpu"], "cpu"), (["cpu", "cpu/onednn=off", "cpu/isa=avx2"], "every path")):
        changed(tmp_path / "paths.json", lambda content, shown=shown: content["findings"][0].update(paths=shown))
        assert f"<p>Wrong on {words}.</p>" in reported(tmp_path)


def test_what_is_wrong_beside_the_properties_of_a_path_is_told(tmp_path):
    paths_json(tmp_path)
    changed(tmp_path / "paths.json", lambda content: content.update(verdict="red"))
    page = reported(tmp_path)
    assert '<strong class="bad">3 of 3</strong>' in page
    assert "Every path is right, but something was wrong when they were drawn." in page
    changed(tmp_path / "paths.json", lambda content: content["paths"][1].update(green=False))
    assert rows(reported(tmp_path), "code-paths")[1][-1] == "something failed that is none of the properties"
    changed(tmp_path / "paths.json", lambda content: content["stored"].update(ended="killed by SIGKILL"))
    assert "The run that drew them did not come to its end: killed by SIGKILL." in reported(tmp_path)


def test_facts_that_differ_from_those_of_the_base_are_in_words(page):
    found = rows(page, "path-differences")
    assert {target for target, _, _ in found} == {"cpu/onednn=off"}
    assert {names for _, _, names in found} == {"float64, float32"}
    assert [says for _, says, _ in found] == [
        "sums are kept in the dtype: gradients of a convolution's operand over its overlapping windows",
        "sums are not kept in the dtype: elements that are added to their places one by one",
        "gradients are computed step by step: elu, gelu",
        "factors of products of matrices are rounded to 8 bits",
    ]


def test_every_fact_may_differ():
    one = Facts(True, False, ("a", "b"), ("c",), 0.0)
    other = Facts(False, True, ("a",), ("c", "d"), 2.0**-11)
    assert differences(one, other) == [
        "powers are rounded",
        "subnormal numbers are flushed to 0",
        "sums are not kept in the dtype: b",
        "gradients are computed step by step: d",
        "factors of products of matrices are rounded to 11 bits",
    ]
    assert differences(other, one) == [
        "powers are exact",
        "subnormal numbers are kept",
        "sums are kept in the dtype: b",
        "gradients are not computed step by step: d",
        "factors of products of matrices are not rounded",
    ]
    assert differences(one, one) == differences(Facts(), one) == differences(one, Facts()) == []


def test_paths_without_a_difference_say_so(tmp_path):
    paths_json(tmp_path)
    changed(tmp_path / "paths.json", lambda content: content["paths"].pop(1))
    page = reported(tmp_path)
    assert "What was measured of the arithmetic is the same on every path." in page
    assert 'id="path-differences"' not in page


def test_a_run_without_a_path_is_reported(tmp_path):
    paths_json(tmp_path)
    changed(tmp_path / "paths.json", lambda content: content.update(paths=[], verdict="red"))
    assert '<strong class="bad">0 of 0</strong>' in reported(tmp_path)


def test_what_sums_lose_is_a_table_with_the_most_first(page, tmp_path):
    whole, some = rows(page, "losses")
    assert whole == ["take", "float16", "cpu", "output", "8,192", "0", "2.125", "∞ ×", "weights-in-16-bits"]
    assert some == [
        "conv1d", "float16", "cpu", "gradient of operand 1", "8,192", "2,048", "8,192", "4 ×", "weights-in-16-bits",
    ]  # fmt: skip
    assert "data-key=Infinity>∞ ×" in page
    assert "PyTorch has decided to accumulate these sums in 16 bits" in page
    summary = (tmp_path / "summary.md").read_text()
    row = "| conv1d | float16 | cpu | gradient of operand 1 | 8,192 | 2,048 | 8,192 | 4 × | weights-in-16-bits |"
    assert row in summary
    assert "| take | float16 | cpu | output | 8,192 | 0 | 2.125 | ∞ × | weights-in-16-bits |" in summary


def test_what_this_machine_does_is_in_words(page, tmp_path):
    kept = "elements that are added to their places one by one; gradients of a value that is used several times"
    words = ["exact", "kept", kept, "elu, gelu", "rounded to 8 bits", "kept"]
    assert rows(page, "facts") == [["cpu", "float64", *words], ["cpu", "float32", *words]]
    nothing = {"kept_in_dtype": [], "composite": [], "product_roundoff": 0.0, "flushes_subnormals": True}
    changed(tmp_path / "gate.json", lambda content: content.update(facts={"cpu/threads=1 float64": nothing}))
    expected = ["cpu/threads=1", "float64", "–", "flushed to 0", "none", "none", "not rounded", "–"]
    assert rows(reported(tmp_path), "facts") == [expected]


def test_known_issues_say_their_kind_and_what_was_shown_where(page, tmp_path):
    issue = {"name": "one", "reason": "a reason", "link": "unreported"}
    answers = {
        "cpu": {"status": "wrong", "said": "came 2"},
        "cpu/onednn=off": {"status": "cannot be shown", "said": "no oneDNN"},
        "cuda": {"status": "wrong", "said": ""},
    }
    new = issue | {"kind": "inaccurate", "targets": ["cpu", "cuda"], "answers": answers}
    mended = new | {"kind": "raises", "targets": [], "answers": {"cpu": {"status": "mended", "said": ""}}}
    news = mended | {"newer_than_verified": True, "answers": {"cuda": {"status": "mended", "said": ""}}}
    own = issue | {"kind": "wrong", "list": f"mine {HOSTILE}.toml", "met": 1072, "waived": 31}
    changed(tmp_path / "gate.json", lambda content: content.update(known_issues=[issue, new, mended, news, own]))
    page = reported(tmp_path)
    shown = "wrong on cpu, cuda; cannot be shown on cpu/onednn=off cpu: came 2; cpu/onednn=off: no oneDNN"
    assert rows(page, "known-issues") == [
        ["one", "wrong", "all", "a reason", "–", f"31 in 1,072, by mine {HOSTILE}.toml", "unreported"],
        ["one", "–", "–", "a reason", "–", "–", "unreported"],
        ["one", "inaccurate", "cpu, cuda", "a reason", shown, "–", "unreported"],
        ["one", "raises", "all", "a reason", "mended on cpu", "–", "unreported"],
        ["one", "raises", "all", "a reason", "mended on cuda", "–", "unreported"],
    ]
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "### Waived by lists of your own" in summary
    assert "| 31 in 1,072, by mine " in summary
    assert "<span class=bad>mended on cpu</span>" in page
    assert "<span class=good>mended on cuda</span>" in page


def test_known_issues_have_a_row_with_what_came_on_each_release(tmp_path, monkeypatch):
    first, second, *others = known_issues()
    told = {first.name: {"cpu": Told("wrong", ""), "cpu/isa=avx2": Told("mended", "")}}
    write(tmp_path, known_issues(), {
        "2.10": Column("2.10.0", "2026-11-23", f"a processor {HOSTILE}", told),
        "2.9": Column("2.9.1", "2026-11-22", "another", {second.name: {"cpu": Told("mended", "")}}),
    })  # fmt: skip
    monkeypatch.setattr(issue_releases, "PATH", tmp_path / ANSWERS)
    gate_json(tmp_path)
    page = reported(tmp_path)
    found = rows(page, "issue-releases")
    verified = [", ".join(each.verified) or "–" for each in (first, second)]
    assert found[0] == [first.name, first.kind, first.link, "–", "wrong; right at cpu/isa=avx2", verified[0]]
    link = second.link.removeprefix("https://github.com/")
    assert found[1] == [second.name, second.kind, link, "right", "–", verified[1]]
    assert [row[0] for row in found[2:]] == [each.name for each in others]
    assert f'<a href="{second.link}">' in page
    meanings = "".join(Elements(page).texts["dd"])
    assert "what its reproducer answered: torch 2.9.1 on another, 2026-11-22" in meanings
    assert HOSTILE in meanings
    assert page.index('id="known-issues"') < page.index('id="issue-releases"') < page.index('id="losses"')


def test_releases_are_shown_without_a_run_of_the_gate_and_their_absence_is_told(tmp_path, monkeypatch):
    benchmarks_json(tmp_path)
    assert rows(reported(tmp_path), "issue-releases")
    monkeypatch.setattr(issue_releases, "PATH", tmp_path / ANSWERS)
    page = reported(tmp_path)
    assert "There is no docs/known-issues.json: <code>tox run -e known-issues</code> makes it." in page
    assert 'id="issue-releases"' not in page


def test_broken_answers_of_releases_get_one_line(capsys, tmp_path, monkeypatch):
    gate_json(tmp_path)
    (tmp_path / ANSWERS).write_text("{")
    monkeypatch.setattr(issue_releases, "PATH", tmp_path / ANSWERS)
    assert refused(capsys, tmp_path).startswith(f"{tmp_path / ANSWERS}: broken JSON")


def test_an_older_file_without_facts_and_losses_is_read(tmp_path):
    gate_json(tmp_path)
    changed(tmp_path / "gate.json", lambda content: [content.pop(name) for name in ("facts", "losses")])
    page = reported(tmp_path)
    assert not any(f'id="{name}"' in page for name in ("facts", "losses"))


def test_times_beside_stored_ones_have_no_verdict(tmp_path):
    row = {"workload": "exp", "size": 10, "dtype": "float32", "stored": 1e-6, "now": 2e-6}
    counts = {"heavier": [], "lighter": [["nodes", 3, 2]]}
    content = {"base": {"stored": "old.json"}, "head": {"torch": "2.13.0"}, "verdict": "PASSED"}
    (tmp_path / "comparison.json").write_text(json.dumps(content | {"rows": [row | {"graphs": counts}]}))
    page = reported(tmp_path)
    assert "Base is stored in old.json, head is torch 2.13.0." in page
    assert ">2.00×" in page
    assert "nodes 3 → 2" in page
    assert "Control." not in page


def test_the_plots_are_those_that_there_is_something_for(tmp_path):
    always = {"plot-times", "plot-total", "plot-backward", "plot-chains", "plot-closed-form"}
    missing = "CPU beside accelerator: no case was timed on the CPU and on another device."
    for devices, more in ((("cpu",), set()), (("cpu", "cuda"), {"plot-accelerators"})):
        benchmarks_json(tmp_path, devices=devices)
        page = reported(tmp_path)
        assert set(json.loads(unpacked(page)["drawings"])["specifications"]) == always | more
        assert (missing in page) == (not more)


def test_a_page_without_timings_carries_no_plotting_library(tmp_path):
    gate_json(tmp_path)
    assert len(reported(tmp_path)) < 100_000


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(("content", "words"), [("{", "broken JSON"), ("{}", "not what"), ("[]", "not what")])
def test_a_broken_file_gets_one_line(name, content, words, capsys, tmp_path):
    all_reports(tmp_path)
    (tmp_path / name).write_text(content)
    line = refused(capsys, tmp_path)
    assert line.startswith(f"{tmp_path / name}: {words}")


def test_another_form_of_the_gates_report_gets_one_line(capsys, tmp_path):
    all_reports(tmp_path)
    changed(tmp_path / "gate.json", lambda content: content.update(schema_version=2))
    assert refused(capsys, tmp_path) == f"{tmp_path / 'gate.json'}: has schema_version 2, and 1 is read here"


def test_no_file_no_folder_no_place_get_one_line(capsys, tmp_path):
    assert refused(capsys, tmp_path / "nowhere") == f"{tmp_path / 'nowhere'}: no such folder"
    line = refused(capsys, tmp_path)
    names = "gate.json, power.json, false_alarms.json, accuracy.json, paths.json, benchmarks.json, comparison.json"
    assert line.startswith(f"{tmp_path}: none of {names} is there; ")
    assert "'tox run -e gate' makes gate.json and accuracy.json" in line
    gate_json(tmp_path)
    place = tmp_path / "nowhere" / "page.html"
    assert refused(capsys, tmp_path, "--output", str(place)).startswith(f"{place}.part: cannot be written (")
    (tmp_path / "folder").mkdir()
    line = refused(capsys, tmp_path, "--output", str(tmp_path / "folder"))
    assert line.startswith(f"{tmp_path / 'folder'}: cannot be written (")


def test_texts_are_written_whole_or_not_at_all(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_whole_texts({tmp_path / "one": "1", tmp_path / "nowhere" / "two": "2"})
    assert not list(tmp_path.iterdir())
    write_whole_texts({tmp_path / "one": "1"})
    assert [each.name for each in tmp_path.iterdir()] == ["one"]


def test_the_summary_has_the_tables(page, tmp_path):
    summary = (tmp_path / "summary.md").read_text()
    assert summary.startswith("## ❌ Gate red\n")
    assert "| operations | 300 | 4,000 | 2,000 | 99.0% | 0.50 | 2.5 s | **wrong in float64 on cpu** |" in summary
    assert "| elementwise | cpu | 8 |" in summary
    assert "- caught: 3 of 4 by the gate" in summary


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1.5, "1.50 s"), (0.00124, "1.24 ms"), (5.45e-4, "545 µs"), (1.7e-7, "0.170 µs"), (float("nan"), "–")],
)
def test_times_have_three_digits_and_a_unit(seconds, text):
    assert quantities.seconds(seconds) == text


@pytest.mark.parametrize(
    ("text", "due"),
    [
        (quantities.seconds_between(5.36e-4, 2.61e-3), "0.536 to 2.61 ms"),
        (quantities.share(0.99996), "99.9%"),
        (quantities.share(1.0), "100.0%"),
        (quantities.share(1.188), "118.8%"),
        (quantities.ratio(94.31), "94.3×"),
        (quantities.size(400_000), "400 KB"),
        (quantities.scientific(2.5e-16), "2.5 × 10⁻¹⁶"),
        (quantities.counted(1, "case"), "1 case"),
        (quantities.three_digits(8.266e32), "8.27e+32"),
    ],
)
def test_numbers_are_short(text, due):
    assert text == due
