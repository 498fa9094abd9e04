"""Files of known issues: what they say is read, and what is wrong with one is said in a line."""

from __future__ import annotations

import datetime
from dataclasses import fields
from pathlib import Path

import pytest

from oracle.issue_lists import BrokenList, expiry, read_list
from oracle.known_issue import KnownIssue
from oracle.known_issues import PATH

ENTRY = '[[issue]]\nname = "n"\nkind = "wrong"\nreason = "r"\n'


def read(tmp_path, text):
    path = tmp_path / "list.toml"
    path.write_text(text, encoding="utf-8")
    return read_list(path)


def test_the_shortest_entry(tmp_path):
    (issue,) = read(tmp_path, ENTRY + 'operations = ["mul"]\n')
    assert issue == KnownIssue("n", "wrong", "r", operations=("mul",), file=tmp_path / "list.toml")
    assert issue.concerns("2.10.0")
    assert issue.concerns("3.0.0a0+git1")


def test_an_entry_with_everything(tmp_path):
    (issue,) = read(
        tmp_path,
        ENTRY
        + 'operations = ["conv1d", "conv2d"]\ntargets = ["cpu/onednn=on"]\ndtypes = ["float16"]\n'
        + 'versions = ">=2.13,<3"\nverified = ["2.13"]\nlink = "https://bugs.example/1"\nexpires = 2999-12-31\n'
        + "arguments = { groups = 2, stride = [1] }\n"
        + 'magnitudes = [[1, 2.5]]\nrange = true\nreproducer = """\nimport torch\n"""\n',
    )
    assert issue.arguments == {"groups": 2, "stride": [1]}
    assert issue.magnitudes == ((1.0, 2.5),)
    assert (issue.range, issue.expires, issue.verified) == (True, datetime.date(2999, 12, 31), ("2.13",))
    assert issue.reproducer == "import torch\n"


def test_the_suites_own_list_is_no_users():
    assert {issue.file for issue in read_list(PATH, users=False)} == {None}


def test_the_head_of_the_suites_own_list_describes_every_field():
    head = PATH.read_text(encoding="utf-8").partition("[[issue]]")[0]
    described = {line.removeprefix("#   ").split(" ")[0] for line in head.splitlines() if line.startswith("#   ")}
    assert {each.name for each in fields(KnownIssue)} - {"file"} <= described


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("issue = 1\n[[issue", "is no TOML: "),
        ("", "has no entry: every entry stands under [[issue]]"),
        ("issue = 3\n", "has no entry"),
        ("issue = [3]\n", "has no entry: every entry stands under [[issue]]"),
        ("[[issues]]\n" + ENTRY[10:], "'issues' is unknown: every entry stands under [[issue]]"),
        (ENTRY, "entry n: it names neither operations nor laws nor a fact, so it matches nothing"),
        ('[[issue]]\nkind = "wrong"\n', "entry 1: name is missing; name, kind, reason are required"),
        (ENTRY + 'operation = ["mul"]\n', "entry n: field 'operation' does not exist; did you mean operations"),
        (ENTRY + 'file = "x"\n', "entry n: field 'file' does not exist"),
        (ENTRY + 'operations = ["mull"]\n', "entry n: operation 'mull' does not exist; did you mean mul"),
        (ENTRY + 'operations = "mul"\n', "entry n: operations = 'mul' is of a wrong kind"),
        (ENTRY + "operations = [1]\n", "entry n: operations = [1] is of a wrong kind"),
        (ENTRY + 'operations = ["mul"]\nrange = "true"\n', "entry n: range = 'true' is of a wrong kind"),
        (ENTRY + 'operations = ["mul"]\nexpires = "2027-01-01"\n', "expires = '2027-01-01' is of a wrong kind"),
        (ENTRY + 'operations = ["mul"]\nexpires = 2027-01-01T00:00:00\n', "is of a wrong kind"),
        (ENTRY.replace('"wrong"', '"bad"') + 'operations = ["mul"]\n', "entry n: kind = 'bad' is of a wrong kind"),
        (ENTRY.replace('"r"', '" "') + 'operations = ["mul"]\n', "entry n: reason is empty"),
        (ENTRY + 'operations = ["mul"]\ndtypes = ["half"]\n', "dtype 'half' does not exist"),
        (ENTRY + 'laws = ["nothing"]\n', "law 'nothing' does not exist"),
        (ENTRY + 'operations = ["mul"]\napplication = "odd"\n', "application 'odd' does not exist"),
        (ENTRY + 'operations = ["mul"]\nwhere = "odd"\n', "where 'odd' does not exist"),
        (ENTRY + 'operations = ["mul"]\nkept_in_dtype = "ODD"\n', "kept_in_dtype 'ODD' does not exist"),
        (ENTRY + 'fact = "odd"\n', "fact 'odd' does not exist"),
        (ENTRY + 'operations = ["mul"]\ntargets = ["cpu/speed=1"]\n', "target 'cpu/speed=1': unknown key 'speed'"),
        (ENTRY + 'operations = ["mul"]\ntargets = ["cdua"]\n', "target 'cdua': torch knows no device 'cdua'"),
        (ENTRY + 'operations = ["mul"]\nversions = "2.13"\n', "versions = '2.13' is no version specifier"),
        (
            ENTRY + 'operations = ["mul"]\nverified = ["2.13.0"]\n',
            "verified '2.13.0': give minor releases, such as '2.13'",
        ),
        ((ENTRY + 'operations = ["mul"]\n') * 2, "two entries are called n"),
    ],
)
def test_what_is_wrong_with_a_list_is_said_in_a_line(tmp_path, text, words):
    with pytest.raises(BrokenList) as caught:
        read(tmp_path, text)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_list_that_cannot_be_read(tmp_path):
    with pytest.raises(BrokenList, match=r"cannot be read \(No such file or directory\)"):
        read_list(Path("/nowhere/list.toml"))
    with pytest.raises(BrokenList, match=r"cannot be read \(Is a directory\)"):
        read_list(tmp_path)
    (tmp_path / "latin").write_bytes(b"name = '\xe9'")
    with pytest.raises(BrokenList, match="is no text in UTF-8"):
        read_list(tmp_path / "latin")


def test_entries_expire_on_the_day_after():
    issue = KnownIssue("n", "wrong", "r", expires=datetime.date(2027, 3, 1))
    assert expiry(issue, datetime.date(2027, 3, 1)) is None
    assert "entry n expired on 2027-03-01" in (expiry(issue, datetime.date(2027, 3, 2)) or "")
    assert expiry(KnownIssue("n", "wrong", "r"), datetime.date.max) is None
