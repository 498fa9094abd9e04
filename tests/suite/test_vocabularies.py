"""Vocabularies: what a property says that it is made of is what it draws, of whatever operations it may."""

from __future__ import annotations

import pytest

from oracle.operations import OPERATIONS
from oracle.polynomial import WRITTEN_WITH
from strategies.lattice_programs import LATTICE
from strategies.programs import POLYNOMIALS, REDUCED
from strategies.samples import sample
from strategies.vocabulary import Vocabulary
from tests.gate import accuracy, made_of
from tests.gate.judge import Judge
from tests.gate.record import Record

PROPERTIES = {test.__name__: test for test in made_of.properties([(made_of.PROPERTIES, "")])}
ALL = tuple(OPERATIONS)


class Collecting(Judge):
    """Judges nothing, and keeps what it was to judge."""

    def __init__(self, test, dtype, allowed, count):
        super().__init__(Record(made_of.name_of(test.__name__), "cpu", dtype), allowed=allowed)
        self.programs = []
        self.sample = count

    def over(self, programs, check, share, *, about=""):
        self.programs += sample(programs, count=self.sample)

    def each(self, programs, check, *, about):
        self.programs += programs()

    def count(self, check, program):
        self.programs.append(program)

    def exact(self, program, route="backward"):
        self.programs.append(program)

    def enclosed(self, program, route="backward"):
        self.programs.append(program)


@pytest.fixture
def operations_of(monkeypatch):
    """The operations in programs of a property, by whether it may draw all or some; of single ones, in a few items."""

    def found(test, dtype, allowed, count=40):
        judge = Collecting(test, dtype, allowed, count)

        def read(program, *place):
            judge.programs.append(program)
            return right(program, *place)

        right = accuracy.read_answer
        if not made_of.is_of_single_operations(test):
            test(judge)
        else:
            monkeypatch.setattr(accuracy, "read_answer", read)
            options = {"stride": 9973} if "sweep" in test.__name__ else {}
            options |= {"attach": lambda *pair: None} if {"sweep", "kinks"} & set(test.__name__.split("_")) else {}
            for name in made_of.drawn(made_of.vocabulary_of(test), allowed, ("cpu", dtype))[::20]:
                judge.programs.clear()
                test(judge, operation=name, **options)
                assert {each.operation for program in judge.programs for each in program.applications} == {name}
            monkeypatch.undo()
        return {each.operation for program in judge.programs for each in program.applications}

    return found


def test_every_property_says_what_it_is_made_of():
    assert len(PROPERTIES) == 24
    for test in PROPERTIES.values():
        assert made_of.vocabulary_of(test).needs != ALL, test.__name__


@pytest.mark.parametrize(
    "allowed",
    [
        ALL,
        ("add", "mul", "sum"),
        ("amax",),
        ("mean",),
        ("std", "exp", "median_with_indices"),
        ("relu", "mm", "amin", "maximum"),
        WRITTEN_WITH,
        (*WRITTEN_WITH, "mean"),
    ],
    ids=lambda names: "all" if names == ALL else "-".join(names),
)
@pytest.mark.parametrize("name", PROPERTIES)
def test_drawn_programs_are_of_declared_operations_that_are_allowed(name, allowed, operations_of):
    vocabulary = made_of.vocabulary_of(PROPERTIES[name])
    if vocabulary.lacks(allowed):
        assert not set(vocabulary.needs) <= set(allowed) or not set(vocabulary.one_of) & set(allowed)
        return
    drawn = operations_of(PROPERTIES[name], "bfloat16", allowed)
    assert drawn <= set(vocabulary.within(allowed)) <= set(allowed)
    assert drawn or name == "test_measured_facts"


@pytest.mark.parametrize(
    "name", [name for name, test in PROPERTIES.items() if len(made_of.vocabulary_of(test).within(ALL)) < 20]
)
def test_what_is_declared_is_drawn(name, operations_of):
    test = PROPERTIES[name]
    if made_of.is_of_single_operations(test) or name == "test_measured_facts":
        return
    vocabulary = made_of.vocabulary_of(test)
    assert operations_of(test, "float64", ALL, count=1200) == set(vocabulary.within(ALL))


def test_what_lacks_is_said_in_words():
    assert POLYNOMIALS.lacks(("add", "mul", "sum")) == "sub, neg, pow"
    assert REDUCED.lacks(("add", "mul", "sum")) == ""
    assert REDUCED.within(("add", "mul", "sum")) == ("sum", "add", "mul")
    assert LATTICE.lacks(WRITTEN_WITH) == "one of sum, mean, prod, amax, amin"
    assert Vocabulary(("add", "mul"), ("sum", "mean")).lacks(("mul",)) == "add and one of sum, mean"
    assert Vocabulary(one_of=ALL).lacks(()) == "one of " + ", ".join(ALL[:8]) + f", … ({len(ALL) - 8} more)"


def test_a_property_that_does_not_say_it_may_need_everything():
    def test_of_something(judge):
        """Draws who knows what."""

    assert made_of.vocabulary_of(test_of_something).needs == ALL
    (line,) = made_of.left_out([test_of_something], ("add",), [("cpu", "float64")])
    assert line == f"of something needs {', '.join(ALL[1:9])}, … ({len(ALL) - 9} more)"


def test_properties_that_lack_the_same_have_one_line():
    named = [PROPERTIES[name] for name in ("test_notebook_chain", "test_notebook_polynomial", "test_notebook_mean")]
    lines = made_of.left_out(named, ("add", "mul"), [("cpu", "float64")])
    assert lines == ["notebook chain, notebook polynomial need pow", "notebook mean needs pow, mean"]
    assert made_of.left_out(named, (*WRITTEN_WITH, "mean"), [("cpu", "float64")]) == []


def test_where_known_issues_leave_nothing_to_draw_is_said(monkeypatch):
    monkeypatch.setattr(made_of, "is_undrawable", lambda name, dtype, target: (name, dtype) == ("exp", "float16"))
    cases = [("cpu", "float64"), ("cpu", "float16")]
    named = [PROPERTIES["test_operations"], PROPERTIES["test_exact_polynomials"]]
    assert made_of.left_out(named, (*WRITTEN_WITH, "exp"), cases) == []
    assert made_of.left_out(named[:1], ("exp",), cases) == [
        "operations in float16 on cpu: known issues leave nothing to draw"
    ]


def test_properties_are_found_by_what_the_command_line_names():
    def names(path, test=""):
        return [test.__name__ for test in made_of.properties([(made_of.PROPERTIES / path, test)])]

    assert names("test_kinks.py") == ["test_ties", "test_kinks"]
    assert names("test_kinks.py", "test_ties") == ["test_ties"]
    assert names("../suite") == names("test_known_issues.py") == []
    tests = made_of.properties([(made_of.PROPERTIES.parent, "")])
    assert [test.__name__ for test in tests] == list(PROPERTIES)
