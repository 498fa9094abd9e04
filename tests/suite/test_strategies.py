"""Every strategy draws valid things only, and the interesting kinds do occur."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from oracle.known_issue import KnownIssue
from oracle.known_issues import known_issues
from oracle.known_operands import KnownOperand
from oracle.number_format import NUMBER_FORMATS
from oracle.operations.reductions import reduced_axes
from oracle.polynomial import FORMS, Polynomial
from strategies import cotangents as cotangents_module
from strategies import layouts as layouts_module
from strategies import reductions as reductions_module
from strategies.cotangents import cotangents
from strategies.dice import dice
from strategies.differentiated_inputs import differentiated_inputs
from strategies.lattice_programs import lattice_polynomial_programs
from strategies.layouts import layouts
from strategies.numbers import number_lists
from strategies.polynomials import Room, lattice_polynomials, polynomials, supports
from strategies.programs import polynomial_programs
from strategies.reductions import reductions
from strategies.samples import sample
from strategies.shapes import broadcast_groups, shapes
from strategies.tensors import tensors
from strategies.values import constants, floats, floats_between, lattice_numbers
from tests.suite.drawing import minimal

DTYPES = list(NUMBER_FORMATS)
MODERATE = {"min_exponent": -2, "max_exponent": 2}


# Shapes


def test_shapes_are_within_bounds_and_of_every_kind():
    draws = sample(shapes(), count=400)
    assert all(math.prod(shape) <= 24 and len(shape) <= 5 for shape in draws)
    assert {len(shape) for shape in draws} == set(range(6))
    assert any(0 in shape for shape in draws)
    assert any(1 in shape for shape in draws)
    assert any(math.prod(shape) >= 20 for shape in draws)
    assert sum(0 in shape for shape in draws) < len(draws) / 4
    matrices = [shape for shape in draws if len(shape) == 2 and min(shape) > 1]
    assert sum(rows == columns for rows, columns in matrices) > len(matrices) / 4
    longest = [shape.index(max(shape)) for shape in draws if len(shape) == 4]
    assert all(longest.count(axis) > len(longest) / 10 for axis in range(4))
    assert minimal(shapes()) == ()


def test_shapes_without_empty_axes():
    assert not any(0 in shape for shape in sample(shapes(min_side=1), count=400))


def test_broadcast_groups_broadcast_to_their_result():
    draws = sample(st.integers(1, 4).flatmap(lambda count: broadcast_groups(count=count)), count=400)
    for group in draws:
        assert np.broadcast_shapes(*group.shapes) == group.result_shape
    several = [group for group in draws if len(group.shapes) > 1]
    assert any(len(set(map(len, group.shapes))) > 1 for group in several)
    assert any(1 in shape and 1 not in group.result_shape for group in several for shape in group.shapes)
    assert any(group.shapes[0] != group.result_shape for group in several)
    assert any(len(set(group.shapes)) == 1 and len(group.result_shape) > 1 for group in several)


# Layouts


def test_layouts_of_every_kind_occur_and_fit():
    kinds = set()
    for shape in ((), (3,), (2, 3), (2, 3, 1, 2), (1, 2, 2, 2, 1)):
        for layout in sample(layouts(shape=shape), count=150):
            kinds.add(layout.kind)
            length, strides, offset = layout.placement(shape)
            last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
            assert 0 <= offset <= last < length
    assert kinds == set(layouts_module.KINDS)


def test_layouts_that_may_not_expand_do_not():
    assert not any(layout.expanded for layout in sample(layouts(shape=(3, 3), expand=False), count=400))
    assert minimal(layouts(shape=(2, 3))).kind == "contiguous"


def test_expanded_axes_are_any_of_the_long_ones():
    draws = sample(layouts(shape=(2, 1, 3)), count=400)
    assert {layout.expanded for layout in draws} == {(), (0,), (2,), (0, 2)}


# Dice


@st.composite
def throws(draw):
    dies = dice(draw, count=6)
    return dies.below(3), dies.among("abcd"), dies.permutation(4)


def test_strategies_with_the_same_options_are_one_and_the_same():
    assert layouts(shape=(2, 3)) is layouts(shape=(2, 3))
    assert layouts(shape=(2, 3)) is not layouts(shape=(2, 3), expand=False)


def test_dice_show_every_face():
    draws = sample(throws(), count=400)
    assert {number for number, _, _ in draws} == {0, 1, 2}
    assert {letter for _, letter, _ in draws} == set("abcd")
    assert {permutation for _, _, permutation in draws} == set(itertools.permutations(range(4)))
    assert minimal(throws()) == (0, "a", (0, 1, 2, 3))


# Tensors


def test_tensors_have_the_asked_shape_and_dtype():
    numbers = floats(dtype="bfloat16", min_exponent=-2, max_exponent=2)
    for spec in sample(tensors(dtype="bfloat16", shape=(2, 3), numbers=numbers), count=400):
        assert (spec.shape, spec.dtype) == ((2, 3), "bfloat16")
    smallest = minimal(tensors(dtype="bfloat16", shape=(2, 3), numbers=numbers))
    assert (smallest.layout.kind, smallest.values) == ("contiguous", (1,) * 6)


def test_numbers_stay_when_axes_go():
    numbers = lattice_numbers(bound=100)
    strategy = shapes(min_side=1).flatmap(lambda shape: tensors(dtype="float64", shape=shape, numbers=numbers))
    smallest = minimal(strategy, lambda spec: 77 in spec.values)
    assert smallest.values == (77,)


# Polynomials


def test_supports_contain_every_variable_and_are_of_every_kind():
    draws = sample(supports(max_variables=4, max_degree=5), count=400)
    for support in draws:
        assert len(set(support)) == len(support)
        assert all(any(exponents[variable] for exponents in support) for variable in range(len(support[0])))
        assert all(sum(exponents) <= 5 for exponents in support)
    assert {len(support[0]) for support in draws} == {1, 2, 3, 4}
    assert any(sum(each > 0 for each in exponents) > 1 for support in draws for exponents in support), "no mixed term"
    univariate = sample(supports(max_degree=5), count=400)
    dense = [support for support in univariate if len(support) == max(map(sum, support)) + 1]
    assert len(univariate) / 5 < len(dense) < len(univariate)
    assert all(len(support[0]) >= 2 for support in sample(supports(min_variables=2, max_variables=3), count=400))
    assert minimal(supports(max_variables=4)) == minimal(supports()) == ((1,),)


def test_polynomials_are_of_every_form():
    strategy = supports(max_variables=2).flatmap(
        lambda support: polynomials(support=support, coefficients=lattice_numbers(bound=3))
    )
    draws = sample(strategy, count=400)
    assert {polynomial.form for polynomial in draws} == set(FORMS)
    assert all(isinstance(polynomial, Polynomial) for polynomial in draws)
    assert all(term.coefficient for polynomial in draws for term in polynomial.terms)
    smallest = minimal(polynomials(support=((2,), (0,)), coefficients=floats(dtype="float16", **MODERATE)))
    assert ([term.coefficient for term in smallest.terms], smallest.form) == ([1, 1], "products")


def test_lattice_polynomials_keep_to_their_room():
    room = Room(255, lambda degree: max(degree, 1) * 2**degree)
    strategy = supports(max_variables=2).flatmap(lambda support: lattice_polynomials(support=support, room=room))
    draws = sample(strategy, count=400)
    for polynomial in draws:
        assert sum(abs(term.coefficient) * room.weight(term.degree) for term in polynomial.terms) <= 255
    assert any(term.coefficient < 0 for polynomial in draws for term in polynomial.terms)
    assert any(abs(term.coefficient) > 10 for polynomial in draws for term in polynomial.terms)
    assert {polynomial.form for polynomial in draws} == set(FORMS)
    smallest = minimal(lattice_polynomials(support=((2,), (0,)), room=room))
    assert ([term.coefficient for term in smallest.terms], smallest.form) == ([1, 1], "products")


# Reductions


def test_reductions_of_every_kind_occur_and_have_the_foretold_shape():
    draws = [
        (shape, reduction)
        for shape in ((), (3,), (2, 3), (2, 1, 3), (2, 2, 2, 1), (0, 3))
        for reduction in sample(reductions(dtype="float64", shape=shape), count=300)
    ]
    assert {reduction.operation for _, reduction in draws} == set(reductions_module.NAMES)
    dims = [reduction.arguments["dim"] for _, reduction in draws if "dim" in reduction.arguments]
    assert any(isinstance(dim, int) and dim < 0 for dim in dims), "no negative axis"
    assert any(isinstance(dim, int) and dim > 0 for dim in dims), "no positive axis"
    assert any(isinstance(dim, tuple) and len(dim) > 1 for dim in dims), "no several axes"
    assert () in dims
    assert None in dims
    assert any("dim" not in reduction.arguments for _, reduction in draws)
    assert {reduction.arguments.get("keepdim") for _, reduction in draws} == {None, False, True}
    corrections = {reduction.arguments.get("correction") for _, reduction in draws if reduction.operation == "var"}
    assert corrections == {None, 0, 1, 2}
    for shape, reduction in draws:
        values = np.zeros(shape)
        axes = reduced_axes(reduction.arguments.get("dim"), len(shape))
        keepdims = bool(reduction.arguments.get("keepdim"))
        assert values.sum(axis=axes, keepdims=keepdims).shape == reduction.result_shape


def test_reductions_keep_out_of_known_issues():
    for reduction in sample(reductions(dtype="float64", shape=(2, 3)), count=1000):
        assert not any(
            issue.covers(reduction.operation, reduction.arguments, "float64", (KnownOperand.plain((2, 3)),))
            for issue in known_issues()
        )


def test_reductions_keep_out_of_known_issues_of_their_dtype_alone(monkeypatch):
    issue = KnownIssue(
        name="n",
        kind="wrong",
        reason="r",
        operations=("sum",),
        dtypes=("float16",),
        arguments={"keepdim": True},
    )
    monkeypatch.setattr(reductions_module, "present_issues", lambda: (issue,))

    def keepdims(dtype):
        drawn = sample(reductions(dtype=dtype, shape=(2, 3), names=("sum",)), count=200)
        return {reduction.arguments.get("keepdim") for reduction in drawn}

    assert keepdims("float32") == {None, False, True}
    assert keepdims("float16") == {None, False}


def test_variances_have_degrees_of_freedom():
    for shape in ((), (1,), (2, 1)):
        for reduction in sample(reductions(dtype="float64", shape=shape, names=("var", "std")), count=300):
            assert reduction.arguments.get("correction", 1) < reduction.size


def test_means_of_powers_of_two():
    for reduction in sample(
        reductions(dtype="float64", shape=(2, 3), names=("mean", "sum"), power_of_two=True), count=400
    ):
        assert reduction.operation == "sum" or reduction.size in (1, 2, 4, 8)


# Cotangents and inputs


def kind_of(cotangent):
    if cotangent is None:
        return "absent"
    values = cotangent.array.ravel().tolist()
    if not any(values):
        return "zero"
    if set(values) == {1.0}:
        return "ones"
    return "one-hot" if sorted(values) == [0.0] * (len(values) - 1) + [1.0] else "signed"


def test_cotangents_of_every_kind_occur():
    numbers = floats(dtype="float64", min_exponent=-2, max_exponent=2)
    matrix = sample(cotangents(dtype="float64", shape=(2, 3), numbers=numbers), count=400)
    scalar = sample(cotangents(dtype="float64", shape=(), numbers=numbers), count=400)
    assert None not in matrix
    assert {kind_of(each) for each in matrix} | {kind_of(each) for each in scalar} == set(cotangents_module.KINDS)
    assert {each.layout.kind for each in matrix} == {"contiguous", "transposed", "sliced", "expanded"}
    assert sum(any(value < 0 for value in each.array.ravel()) for each in matrix) > len(matrix) / 3
    assert minimal(cotangents(dtype="float64", shape=(), numbers=numbers)) is None


def test_every_subset_of_inputs_is_differentiated():
    strategy = differentiated_inputs(dtype="float64", shapes=((), (), ()), numbers=constants(1.0))
    subsets = {tuple(each.requires_grad for each in inputs) for inputs in sample(strategy, count=400)}
    assert len(subsets) == 7
    assert (False, False, False) not in subsets
    assert all(each.requires_grad for each in minimal(strategy))


# Options


@pytest.mark.parametrize(
    "strategy",
    [
        lambda: shapes(max_rank=6),
        lambda: shapes(max_elements=0),
        lambda: shapes(min_side=2),
        lambda: broadcast_groups(count=0),
        lambda: floats(dtype="float63", min_exponent=0, max_exponent=1),
        lambda: floats(dtype="float16", min_exponent=0, max_exponent=16),
        lambda: floats_between(dtype="float63", lowest=0, highest=1),
        lambda: floats_between(dtype="float16", lowest=1, highest=0),
        lambda: floats_between(dtype="float16", lowest=0, highest=math.nan),
        lambda: floats_between(dtype="float16", lowest=70000, highest=math.inf),
        lambda: floats_between(dtype="bfloat16", lowest=1.001, highest=1.002),
        lambda: floats_between(dtype="float16", lowest=0, highest=1, max_magnitude=0),
        lambda: floats_between(dtype="float64", lowest=2, highest=3, max_magnitude=1),
        lambda: lattice_numbers(bound=0),
        lambda: constants(),
        lambda: number_lists(numbers=lattice_numbers(bound=3), count=8, distinct=True),
        lambda: supports(min_variables=2, max_variables=1),
        lambda: supports(max_degree=0),
        lambda: lattice_polynomials(support=((1, 0), (0, 1)), room=Room(1, lambda degree: degree)),
        lambda: reductions(dtype="float64", shape=(2,), names=("median",)),
        lambda: reductions(dtype="int8", shape=(2,)),
        lambda: differentiated_inputs(dtype="float64", shapes=(), numbers=constants(1.0)),
        lambda: polynomial_programs(dtype="float64", min_inputs=3, max_inputs=2),
        lambda: lattice_polynomial_programs(dtype="float64", max_inputs=5),
        lambda: polynomial_programs(dtype="int8"),
    ],
)
def test_impossible_options_are_refused_at_draw_time(strategy):
    with pytest.raises(InvalidArgument):
        minimal(st.deferred(strategy))
