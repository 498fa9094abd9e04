"""The checker is fed wrong answers of every kind, and must object to each; and to no right one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from oracle.exact import exact
from oracle.number_format import NUMBER_FORMATS
from oracle.polynomial import Polynomial
from oracle.program import Input, Program, ProgramBuilder, Value
from oracle.route import Answer, by_backward, read, read_answer
from oracle.target import CPU
from oracle.tensor import Fill, Layout, TensorSpec
from oracle.verdict import Mismatch, WrongKind, certified, enclosed, exact_values, exactly, fraction, judge, quads
from tests.suite.examples import broadcast_product, reduction, square_product

Wrong = Callable[[Program, torch.Tensor], torch.Tensor | None]


def _first_changed(change):
    def wrong(program, gradient):
        changed = gradient.clone()
        changed.view(-1)[0] = change(changed.view(-1)[0])
        return changed

    return wrong


def _with_cotangent(change):
    """The gradient by x1 of a broadcast product whose cotangent went through ``change``."""

    def wrong(program, gradient):
        g = change(torch.from_numpy(np.array(program.outputs[0].cotangent.array)))
        x = torch.from_numpy(np.array(program.inputs[0].tensor.array))
        return (g * x).sum(0).to(gradient.dtype)

    return wrong


WRONG_ANSWERS: dict[str, Wrong] = {
    "wrong sign": lambda program, gradient: -gradient,
    "wrong sign of one element": _first_changed(lambda element: -element),
    "scaled by 2": lambda program, gradient: 2 * gradient,
    "NaN": lambda program, gradient: gradient * torch.nan,
    "one NaN": _first_changed(lambda element: torch.nan),
    "one infinity": _first_changed(lambda element: torch.inf),
    "zeroed": lambda program, gradient: torch.zeros_like(gradient),
    "one zero": _first_changed(lambda element: 0.0),
    "sign of the cotangent dropped": _with_cotangent(torch.abs),
    "cotangent clipped": _with_cotangent(lambda g: g.clamp(-1, 1)),
    "negative cotangents dropped": _with_cotangent(torch.relu),
    "cotangent squared": _with_cotangent(torch.square),
    "mean for the sum over a broadcast axis": lambda program, gradient: gradient / 2,
    "reversed": lambda program, gradient: gradient.flip(0),
    "wrong shape": lambda program, gradient: gradient.reshape(1, -1),
    "wrong dtype": lambda program, gradient: gradient.to(
        torch.float32 if gradient.dtype == torch.float64 else torch.float64
    ),
    "no gradient": lambda program, gradient: None,
}


def truths_of(program, tier):
    if tier == "enclosure":
        return enclosed(program)
    return exactly(exact_values(exact(program)), certified(program))


def answered(program, source, wrong):
    """PyTorch's answer with the gradient of input ``source`` replaced."""
    answer = by_backward(program, "cpu")
    gradients = dict(answer.gradients)
    gradients[source] = wrong(program, gradients[source])
    return read(replace(answer, gradients=gradients))


@pytest.mark.parametrize("tier", ["exact", "enclosure"])
@pytest.mark.parametrize("dtype", NUMBER_FORMATS)
@pytest.mark.parametrize("kind", WRONG_ANSWERS)
def test_wrong_answers_are_objected_to(kind, dtype, tier):
    program = broadcast_product(dtype)
    truths = truths_of(program, tier)
    right = judge(program, read_answer(program, CPU, "backward"), truths)
    assert right.wrong == ()
    assert right.elements == right.informative == 9
    verdict = judge(program, answered(program, 1, WRONG_ANSWERS[kind]), truths)
    assert len(verdict.wrong) == 1
    assert verdict.wrong[0].source == 1


@pytest.mark.parametrize("tier", ["exact", "enclosure"])
@pytest.mark.parametrize(("dtype", "error"), [("float64", 1e-12), ("float64", 1e-15), ("float32", 1e-6)])
def test_a_wrong_scale_is_objected_to(dtype, error, tier):
    program = broadcast_product(dtype)
    verdict = judge(program, answered(program, 1, lambda _, gradient: gradient * (1 + error)), truths_of(program, tier))
    assert len(verdict.wrong) == 1


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_two_ulps_are_objected_to_in_sixteen_bits(dtype):
    program = square_product(dtype)
    two = 4 * NUMBER_FORMATS[dtype].unit_roundoff
    verdict = judge(program, answered(program, 1, lambda _, gradient: gradient * (1 + two)), enclosed(program))
    assert len(verdict.wrong) == 1


@pytest.mark.parametrize("tier", ["exact", "enclosure"])
def test_a_transposed_gradient_is_objected_to(tier):
    program = square_product()
    verdict = judge(program, answered(program, 0, lambda _, gradient: gradient.T), truths_of(program, tier))
    assert len(verdict.wrong) == 1


@pytest.mark.parametrize("tier", ["exact", "enclosure"])
def test_a_sum_over_the_wrong_axis_is_objected_to(tier):
    # A square result, so that the sums over either axis have the same shape.
    builder = ProgramBuilder(
        [square_product().inputs[0], Input(TensorSpec((2,), Layout.contiguous(1), "float64", (5.0, 6.0)))]
    )
    builder.apply("mul", Value(0), Value(1))
    program = builder.program(square_product().outputs[0].cotangent)

    def wrong(program, gradient):
        g, x = program.outputs[0].cotangent.array, program.inputs[0].tensor.array
        return torch.from_numpy((g * x).sum(axis=1))

    assert len(judge(program, answered(program, 1, wrong), truths_of(program, tier)).wrong) == 1


@pytest.mark.parametrize("dtype", NUMBER_FORMATS)
@pytest.mark.parametrize("place", [0, 54_321, 99_999])
def test_one_wrong_element_among_a_hundred_thousand_is_named(dtype, place):
    kind = NUMBER_FORMATS[dtype]
    fill = Fill(7, min(kind.precision, 29), 1 - min(kind.precision, 29))
    layout = Layout.contiguous(1)
    builder = ProgramBuilder([Input(TensorSpec((100_000,), layout, dtype, fill))])
    Polynomial.univariate(1, 0, 3, form="products").write(builder, (Value(0),))
    program = builder.program(TensorSpec((100_000,), layout, dtype, replace(fill, seed=8)))
    truths = enclosed(program)
    assert judge(program, read_answer(program, CPU, "backward"), truths).wrong == ()

    def wrong(_, gradient):
        # Four units of the last place at 4, beyond any element and its radius.
        gradient[place] += 8 * 4 * kind.unit_roundoff
        return gradient

    (mismatch,) = judge(program, answered(program, 0, wrong), truths).wrong
    assert mismatch.element == (place,)


def test_a_wrong_output_is_objected_to():
    program = broadcast_product()
    answer = by_backward(program, "cpu")
    wrong = read(replace(answer, outputs=[answer.outputs[0] * (1 + 1e-12)]))
    assert judge(program, wrong, enclosed(program)).wrong[0].source is None
    reshaped = read(replace(answer, outputs=[answer.outputs[0].T]))
    assert isinstance(judge(program, reshaped, enclosed(program)).wrong[0], WrongKind)


def test_a_gradient_that_nobody_asked_for_is_objected_to():
    program = broadcast_product()
    frozen = replace(program, inputs=(replace(program.inputs[0], requires_grad=False), program.inputs[1]))
    answer = read_answer(program, CPU, "backward")
    verdict = judge(frozen, answer, enclosed(frozen))
    assert verdict.wrong == (WrongKind(0, "a gradient", "no gradient"),)


def test_a_mismatch_says_what_came_and_what_was_due():
    program = broadcast_product()
    (mismatch,) = judge(
        program, answered(program, 1, _first_changed(lambda element: element + 1)), enclosed(program)
    ).wrong
    assert isinstance(mismatch, Mismatch)
    assert (mismatch.element, mismatch.came, mismatch.due) == ((0,), -2.0, -3)
    assert mismatch.ulp == 2.0**-51


def test_within_a_tie_any_share_is_right_and_nothing_outside():
    program = reduction("amax", (3.0, 3.0), (2,))
    truths = enclosed(program)

    def verdict(*gradient):
        answer = by_backward(program, "cpu")
        planted = Answer(answer.outputs, {0: torch.tensor(gradient, dtype=torch.float64)})
        return judge(program, read(planted), truths)

    for share in ((0.5, 0.5), (1.0, 0.0), (0.25, 0.75)):
        assert verdict(*share).wrong == ()
        assert verdict(*share).informative == 0
    assert verdict(1.5, -0.5).wrong
    assert verdict(float("nan"), 0.5).wrong


def test_uninformative_elements_are_counted():
    # The gradient by x of (x + 1e16) - 1e16, squared, is nothing but rounding.
    builder = ProgramBuilder([Input(TensorSpec((), Layout.contiguous(0), "float64", (0.5,)))])
    lost = builder.apply("sub", builder.apply("add", Value(0), 1e16), 1e16)
    builder.apply("mul", lost, lost)
    program = builder.program()
    verdict = judge(program, read_answer(program, CPU, "backward"), enclosed(program))
    assert (verdict.elements, verdict.informative, verdict.wrong) == (1, 0, ())


def test_an_infinite_radius_claims_nothing():
    program = reduction("prod", (1e300, 1e300, 1e-300), (3,))
    verdict = judge(program, read_answer(program, CPU, "backward"), enclosed(program))
    assert (verdict.elements, verdict.informative, verdict.wrong) == (3, 0, ())


def test_quads_keep_what_float64_does_not():
    values = np.array([exact(reduction("mean", (1.0, 1.0, 2.0), (3,))).outputs[0].item()], dtype=object)
    assert abs(fraction(quads(values)[0]) - values[0]) < values[0] / 2**105
