"""Programs: validity, mathematics, JSON, and the source that is run."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace

import pytest
from cattrs.errors import BaseValidationError
from hypothesis import given
from hypothesis import strategies as st

from oracle.notation import mathematics
from oracle.number_format import NUMBER_FORMATS
from oracle.polynomial import FORMS, Polynomial
from oracle.program import Application, Input, Output, Program, ProgramBuilder, Value
from oracle.program_json import from_json, to_json
from oracle.route import ROUTES
from oracle.torch_source import function_source
from strategies.lattice_programs import lattice_programs
from strategies.programs import large_programs, polynomial_programs, reduction_programs
from tests.suite.examples import broadcast_product, contiguous, notebook_polynomial, reduction

any_programs = st.sampled_from(list(NUMBER_FORMATS)).flatmap(
    lambda dtype: st.one_of(
        lattice_programs(dtype=dtype),
        polynomial_programs(dtype=dtype),
        reduction_programs(dtype=dtype),
        large_programs(dtype=dtype),
    )
)


@given(program=any_programs)
def test_json_gives_the_same_program_back(program):
    text = to_json(program)
    assert from_json(text) == program
    assert hash(from_json(text)) == hash(program)
    assert "-0.0" not in repr(program) or "-0.0" in text


@given(program=any_programs)
def test_every_program_is_printed_as_mathematics(program):
    lines = mathematics(program).splitlines()
    assert any(line.startswith("z = ") for line in lines)
    assert lines[-1].startswith("cotangent: ")


def test_equal_applications_have_equal_hashes_whatever_the_order_of_their_arguments():
    arguments = {"dim": 0, "keepdim": True}
    one = Application("sum", (Value(0),), arguments)
    other = Application("sum", (Value(0),), dict(reversed(arguments.items())))
    assert one == other
    assert hash(one) == hash(other)
    assert {one, other} == {one}


def test_the_arguments_of_an_application_never_change():
    arguments = {"dim": 0}
    application = Application("sum", (Value(0),), arguments)
    arguments["dim"] = 1
    assert application.arguments == {"dim": 0}
    with pytest.raises(TypeError):
        application.arguments["dim"] = 1


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each)), replace])
def test_copies_of_programs_are_equal(copied):
    program = reduction("sum", (1.0, 2.0), (2,), keepdim=True, dim=0)
    assert copied(program) == program
    assert copied(program.applications[0]) == program.applications[0]
    assert function_source(copied(program)) == function_source(program)


def test_broken_json_is_refused():
    with pytest.raises(ValueError, match="Expecting"):
        from_json("{")
    data = json.loads(to_json(notebook_polynomial()))
    del data["inputs"]
    with pytest.raises(BaseValidationError):
        from_json(json.dumps(data))


@pytest.mark.parametrize(
    ("program", "line"),
    [
        (notebook_polynomial(), "z = 2·x⁴ + x³ + 3·x² + 5·x + 1"),
        (notebook_polynomial(form="horner"), "z = (((2·x + 1)·x + 3)·x + 5)·x + 1"),
        (notebook_polynomial(form="products"), "z = 2·(x·x·x·x) + x·x·x + 3·(x·x) + 5·x + 1"),
        (broadcast_product(), "z = x0·x1"),
        (reduction("mean", (1.0, 2.0), (2,), dim=0), "z = mean(x, dim=0)"),
    ],
)
def test_mathematics_is_what_a_person_writes(program, line):
    assert mathematics(program).splitlines()[0] == line


def test_mathematics_keeps_the_meaning_of_signs_and_powers():
    builder = ProgramBuilder([Input(contiguous((2.0,), ()))])
    difference = builder.apply("sub", 1.0, builder.apply("sub", Value(0), -3.0))
    product = builder.apply("mul", difference, -2.0)
    builder.apply("pow", product, arguments={"exponent": 2})
    assert mathematics(builder.program()).splitlines()[0] == "z = ((1 - (x - (-3)))·(-2))²"


def test_a_value_that_is_used_twice_has_a_line_of_its_own():
    builder = ProgramBuilder([Input(contiguous((2.0,), ()))])
    y = builder.apply("mul", 3.0, Value(0))
    builder.apply("mul", y, y)
    assert mathematics(builder.program()).splitlines()[:2] == ["y1 = 3·x", "z = y1·y1"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("route", ROUTES)
def test_every_form_and_route_gives_the_notebook_its_93(form, route):
    answer = ROUTES[route](notebook_polynomial(form=form), "cpu")
    assert answer.outputs[0].item() == 63
    assert answer.gradients[0].item() == 93


@pytest.mark.parametrize(("spelling", "text"), [(0, "x0 * x1"), (1, "torch.mul(x0, x1)"), (2, "x0.mul(x1)")])
def test_the_source_is_the_chosen_spelling(spelling, text):
    product = broadcast_product()
    program = Program(product.inputs, (Application("mul", (Value(0), Value(1)), {}, spelling),), product.outputs)
    assert text in function_source(program)
    assert ROUTES["backward"](program, "cpu").gradients[1].tolist() == [-3, 6, 21]


def test_negative_numbers_keep_their_meaning_in_the_source():
    builder = ProgramBuilder([Input(contiguous((2.0,), ()))])
    builder.apply("sub", -3.0, Value(0))
    assert "(-3.0) - x0" in function_source(builder.program())
    assert ROUTES["backward"](builder.program(), "cpu").outputs[0].item() == -5


@pytest.mark.parametrize(
    ("inputs", "applications", "words"),
    [
        ((Input(contiguous((1.0,), ())),), (), "at least one operation"),
        ((Input(contiguous((1.0,), ()), False),), (Application("neg", (Value(0),)),), "must require grad"),
        ((Input(contiguous((1.0,), ())),), (Application("neg", (Value(1),)),), "does not exist yet"),
    ],
)
def test_impossible_programs_are_refused(inputs, applications, words):
    with pytest.raises(ValueError, match=words):
        Program(inputs, applications, (Output(Value(1)),))


@pytest.mark.parametrize(
    ("coefficients", "form", "words"),
    [((5,), "power", "constant"), ((1, 0), "power", "bare variable"), ((1, 1), "nested", "does not fit")],
)
def test_polynomials_without_operations_are_refused(coefficients, form, words):
    with pytest.raises(ValueError, match=words):
        Polynomial.univariate(*coefficients, form=form)
