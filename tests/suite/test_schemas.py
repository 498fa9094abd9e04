"""What is written has the form that docs/schemas says, and what has not is refused."""

from __future__ import annotations

import copy
import json
import math
import tomllib
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from oracle.finding import Broken, Finding
from oracle.issue_lists import BrokenList, read_list
from oracle.known_issues import PATH
from oracle.laws import BOOKKEEPING
from oracle.program_json import from_json, to_json
from oracle.target import CPU
from oracle.verdict import Raised
from strategies.random_programs import random_programs
from strategies.samples import sample
from tests.suite.examples import broadcast_product, notebook_polynomial, reduction
from tests.suite.report_samples import gate_json
from tests.suite.schemas import SCHEMAS, complaints, strictly


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas_and_say_what_every_part_is_called(name):
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"{name}.schema.json"
    assert SCHEMAS[name]["additionalProperties"] is False


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_programs(dtype):
    drawn = sample(random_programs(dtype=dtype), count=150)
    kinds = set()
    for program in [notebook_polynomial(), broadcast_product(), *drawn]:
        text = to_json(program)
        assert complaints("program", strictly(text)) == []
        assert from_json(text) == program
        kinds |= {type(value).__name__ for each in program.applications for value in each.arguments.values()}
    assert kinds >= {"bool", "int", "tuple", "IndexTensor", "Index"}


@pytest.mark.parametrize(
    "change",
    [
        lambda program: program.update(schema_version=2),
        lambda program: program.pop("schema_version"),
        lambda program: program.pop("outputs"),
        lambda program: program.update(extra=1),
        lambda program: program["inputs"][0]["tensor"].update(dtype="float8"),
        lambda program: program["inputs"][0].pop("requires_grad"),
        lambda program: program["inputs"][0]["tensor"]["values"].append("1"),
        lambda program: program["applications"][0].update(spelling=-1),
        lambda program: program["applications"][0]["operands"].append({"index": "0"}),
        lambda program: program["applications"][0]["arguments"].update(dim={"a": 1}),
        lambda program: program["outputs"][0].update(cotangent=1.0),
    ],
)
def test_what_is_no_program_is_refused(change):
    content = json.loads(to_json(broadcast_product()))
    change(content)
    assert complaints("program", content)


def test_another_version_of_a_program_is_not_read():
    content = json.loads(to_json(broadcast_product()))
    with pytest.raises(ValueError, match="schema_version is 2, and this suite reads 1"):
        from_json(json.dumps(content | {"schema_version": 2}))
    del content["schema_version"]
    with pytest.raises(ValueError, match="schema_version is None, and this suite reads 1"):
        from_json(json.dumps(content))


def findings():
    law = BOOKKEEPING[0]
    return [
        Finding(broadcast_product(), CPU, "backward", "exact", Raised("no kernel", "asked")),
        Finding(broadcast_product(), CPU, law.__name__, "law", Broken(law, "it is broken")),
    ]


def test_findings():
    for finding in findings():
        for reproducer in (None, "reports/findings/0.py"):
            assert complaints("finding", strictly(json.dumps(finding.entry(reproducer)))) == []


@pytest.mark.parametrize("key", SCHEMAS["finding"]["required"])
def test_what_is_no_finding_is_refused(key):
    entry = findings()[0].entry(None)
    assert complaints("finding", entry | {key: {}})
    del entry[key]
    assert complaints("finding", entry)


def as_json(content: dict[str, Any]) -> dict[str, Any]:
    """A list of known issues as JSON has it: dates as text."""
    changed = copy.deepcopy(content)
    for entry in changed["issue"]:
        if "expires" in entry:
            entry["expires"] = str(entry["expires"])
    return changed


def test_the_suites_own_known_issues():
    assert complaints("known-issues", as_json(tomllib.loads(PATH.read_text(encoding="utf-8")))) == []


ENTRY = '[[issue]]\nname = "n"\nkind = "wrong"\nreason = "r"\n'


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        ('operations = ["mul"]\nexpires = 2999-01-01\nmagnitudes = [[1, 2]]\n', True),
        ("", False),
        ('operations = "mul"\n', False),
        ('operations = ["mul"]\noperation = ["mul"]\n', False),
        ('operations = ["mul"]\nrange = 1\n', False),
        ('operations = ["mul"]\nexpires = "soon"\n', False),
        ('operations = ["mul"]\ndtypes = ["half"]\n', False),
        ('laws = ["nothing_is_overwritten"]\nwhere = "a_cotangent_is_only_rearranged"\n', True),
    ],
)
def test_the_schema_and_the_reader_agree(tmp_path, lines, right):
    path = tmp_path / "mine.toml"
    path.write_text(ENTRY + lines)
    assert (complaints("known-issues", as_json(tomllib.loads(path.read_text()))) == []) is right
    try:
        read_list(path)
    except BrokenList:
        assert not right
    else:
        assert right


def test_numbers_that_json_has_not_are_named_and_come_back():
    infinite = reduction("vector_norm", (1.0, -2.0), (2,), ord=-math.inf)
    assert complaints("program", strictly(to_json(infinite))) == []
    assert from_json(to_json(infinite)) == infinite


def gate_report(folder):
    """A report of the gate with a finding, losses, a kink, and answers of reproducers."""
    finding = findings()[0].entry("reports/findings/0.py")
    content = json.loads(gate_json(folder, [finding]).read_text(encoding="utf-8"))
    content["kinks"] = [{"operation": "abs", "place": "at 0", "chosen": [[0.0]], "dtype": "float64", "device": "cpu"}]
    content["known_issues"][0]["answers"] = {"cpu": {"status": "wrong", "said": "came 1"}}
    return content


def test_reports_of_the_gate(tmp_path):
    content = gate_report(tmp_path)
    assert complaints("gate", content) == []
    assert content["findings"]
    assert content["losses"]


@pytest.mark.parametrize("key", SCHEMAS["gate"]["required"])
def test_what_is_no_report_of_the_gate_is_refused(tmp_path, key):
    content = gate_report(tmp_path)
    assert complaints("gate", content | {key: 1.5})
    del content[key]
    assert complaints("gate", content)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(schema_version=2),
        lambda content: content.update(extra=1),
        lambda content: content.update(verdict="yellow"),
        lambda content: content.update(operations_chosen=[]),
        lambda content: content["totals"].update(examples=-1),
        lambda content: content["properties"][0].pop("items"),
        lambda content: content["properties"][0].update(found_after="3"),
        lambda content: content["operations"]["add"]["cpu float64"].pop("judged"),
        lambda content: content["findings"][0].update(kind="odd"),
        lambda content: content["findings"][0]["program"].pop("inputs"),
        lambda content: content["losses"][0].update(came="2048"),
        lambda content: content["known_issues"][0].update(list="mine.toml"),
        lambda content: content["known_issues"][0]["answers"]["cpu"].update(status="odd"),
        lambda content: content["kinks"][0].pop("chosen"),
    ],
)
def test_wrong_parts_of_a_report_are_refused(tmp_path, change):
    content = gate_report(tmp_path)
    change(content)
    assert complaints("gate", content)
