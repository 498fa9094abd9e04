"""The file of known issues keeps its own rules; an entry that matches nothing is an error."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet

from oracle.known_issues import REGIONS, KnownIssue, known_issues
from oracle.laws import BOOKKEEPING, LINEARITY, TIES
from oracle.operations import OPERATIONS
from oracle.program import Input, ProgramBuilder, Value
from tests.suite.examples import broadcast_product, contiguous, reduction

LAWS = {law.__name__ for law in BOOKKEEPING + LINEARITY + TIES}


@pytest.mark.parametrize("issue", known_issues(), ids=lambda issue: issue.name)
def test_entries_name_things_that_exist(issue):
    assert issue.operations or issue.laws, "an entry without a region matches nothing"
    assert set(issue.operations) <= set(OPERATIONS)
    assert set(issue.laws) <= LAWS
    assert not issue.laws or issue.where in REGIONS
    assert issue.reason.strip()
    assert issue.link == "unreported" or issue.link.startswith("https://github.com/pytorch/pytorch/issues/")
    SpecifierSet(issue.versions)
    imports = [node for node in ast.walk(ast.parse(issue.reproducer)) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [name.name for node in imports for name in node.names] == ["torch"]


def test_names_are_unique():
    names = [issue.name for issue in known_issues()]
    assert len(set(names)) == len(names)


ISSUE = KnownIssue("n", ">=2.13", "r", "unreported", "import torch", operations=("var",), arguments={"dim": []})


def test_a_region_of_arguments():
    assert ISSUE.covers("var", {"dim": ()}, "float64", ((2,),))
    assert ISSUE.covers("var", {"dim": (), "keepdim": True}, "float16", ((2,),))
    assert not ISSUE.covers("var", {"dim": (0,)}, "float64", ((2,),))
    assert not ISSUE.covers("var", {}, "float64", ((2,),))
    assert not ISSUE.covers("std", {"dim": ()}, "float64", ((2,),))
    assert not replace(ISSUE, dtypes=("bfloat16",)).covers("var", {"dim": ()}, "float64", ((2,),))


@pytest.mark.parametrize(
    ("version", "concerned"),
    [("2.13.0+cpu", True), ("2.12.1", False), ("2.14.0.dev20260901+rocm7", True), ("3.0", True)],
)
def test_versions(version, concerned):
    assert ISSUE.concerns(version) is concerned


def test_the_region_of_reshaped_cotangents():
    region = REGIONS["a_cotangent_is_only_rearranged"]
    assert region(reduction("sum", (1.0,), (1,)))
    assert region(reduction("sum", (1.0,), ()))
    assert not region(reduction("sum", (1.0, 2.0), (2,)))
    assert not region(broadcast_product())
    builder = ProgramBuilder([Input(contiguous((1.0,), (1,))), Input(contiguous((2.0,), ()))])
    builder.apply("add", Value(0), Value(1))
    assert region(builder.program(contiguous((1.0,), (1,))))


def test_an_exception_is_known_by_its_text_and_operation():
    issue = replace(ISSUE, arguments={}, operations=("mul",), dtypes=("float64",), raises="must be contiguous")
    assert not issue.covers("mul", {}, "float64", ((2,),))
    error = RuntimeError("a weight must be contiguous")
    assert issue.explains(error, broadcast_product())
    assert not issue.explains(error, reduction("sum", (1.0,), ()))
    assert not issue.explains(RuntimeError("something else"), broadcast_product())
    assert not replace(issue, dtypes=("float32",)).explains(error, broadcast_product())
    assert not replace(issue, raises="").explains(error, broadcast_product())


def test_laws_are_excused_in_the_region_only():
    issue = replace(ISSUE, laws=("routes_agree",), where="a_cotangent_is_only_rearranged")
    assert issue.excuses("routes_agree", reduction("sum", (1.0,), ()))
    assert not issue.excuses("routes_agree", broadcast_product())
    assert not issue.excuses("vjp_is_linear", reduction("sum", (1.0,), ()))
