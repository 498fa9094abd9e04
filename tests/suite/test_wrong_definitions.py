"""A wrong definition, a wrong domain and a wrong kink are noticed, in every family, by what PyTorch's forward says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sympy import asin, exp, log, sin, sqrt

from oracle.enclosure import enclosure
from oracle.finite_difference import finite_difference, signed_direction
from oracle.formula import A, B, Branch, Smooth
from oracle.operations import FAMILIES, OPERATIONS
from oracle.operations.activations import GELU_TANH, IDENTITY, MINIMUM, ZERO, clipped, leaky, shrunk
from oracle.operations.operation import ANYWHERE
from oracle.operations.reductions import reduced_axes, variance
from oracle.route import leaves, read_answer, to_numpy, torch_function
from oracle.target import CPU
from oracle.verdict import Mismatch, enclosed, judge
from strategies.random_programs import random_programs
from strategies.samples import sample

RIGHT = {name: operation.definition for name, operation in OPERATIONS.items()}


def rearranged(function):
    return lambda x, **arguments: x.gather(lambda elements: function(elements, **arguments))


def formula(wrong):
    return lambda a, *others, **arguments: a.elementwise(wrong, *others)


def instead(name, **changed):
    """The definition of another operation, or the same with changed arguments."""
    return lambda *operands, **arguments: RIGHT[name](*operands, **arguments | changed)


def without(name, *dropped):
    """The right definition, deaf to some arguments."""
    return lambda *operands, **arguments: RIGHT[name](
        *operands, **{key: value for key, value in arguments.items() if key not in dropped}
    )


def swapped(name):
    return lambda a, b, *others, **arguments: RIGHT[name](b, a, *others, **arguments)


def shifted(name, argument, by):
    return lambda *operands, **arguments: RIGHT[name](
        *operands, **arguments | {argument: arguments.get(argument, 0) + by}
    )


def _by_columns(x):
    """The elements of matrices, read as if they lay column by column."""
    if x.rank < 2:
        return x
    turned = x.reshape((*x.shape[:-2], x.shape[-1], x.shape[-2]))
    return turned.gather(lambda elements: np.swapaxes(elements, -1, -2))


def _reversed(x, axis=-1):
    return x.gather(lambda elements: np.flip(elements, axis))


def _other_axis(name):
    return lambda x, dim: RIGHT[name](x, (dim + 1) % x.rank if x.rank else dim)


def _rolled(x, shifts, dims=None):
    return x.gather(lambda elements: np.roll(elements, shifts if dims is None else tuple(s + 1 for s in shifts), dims))


def _upper_median(x, dim=None, keepdim=False):
    axes = reduced_axes(dim, x.rank)
    return x.order_statistic(axes, int(np.prod([x.shape[axis] for axis in axes], dtype=int)) // 2, keepdim)


def _other_variance(x, dim=None, correction=1, keepdim=False):
    return variance(x, dim, correction - 1, keepdim)


def _from_the_end(x, dim):
    return _reversed(RIGHT["cummax"](_reversed(x, dim), dim), dim) if x.rank else x


def _wrong_sides(x, pad):
    return RIGHT["constant_pad"](x, pad=pad[1::-1] + pad[2:])


def _copied(x, source, alpha=1, **arguments):
    return RIGHT["index_copy"](x, source, **arguments)


def _selected_from_the_end(x, dim, index):
    return RIGHT["index_select"](_reversed(x, dim) if x.rank else x, dim=dim, index=index)


def _true_convolution(x, weight, bias=None, **arguments):
    return RIGHT["conv1d"](x, _reversed(weight), bias, **arguments)


WRONG = [
    ("arithmetic", "scaled_sub", "wrong sign of alpha", instead("scaled_add")),
    ("arithmetic", "mul", "a sum", lambda a, b: a + b),
    ("arithmetic", "rsub", "operands swapped", lambda a, b: a - b),
    ("arithmetic", "addcmul", "value ignored", without("addcmul", "value")),
    ("arithmetic", "scalar_lerp", "ends swapped", swapped("scalar_lerp")),
    ("arithmetic", "pow", "one too many", shifted("pow", "exponent", 1)),
    ("functions", "cos", "sine", formula(Smooth(sin(A)))),
    ("functions", "log", "another base", formula(Smooth(log(A) / log(2)))),
    ("functions", "sigmoid", "of the opposite", formula(Smooth(1 / (1 + exp(A))))),
    ("functions", "atan2", "operands swapped", swapped("atan2")),
    ("functions", "erf", "a wrong factor", lambda x: RIGHT["erf"](x) * 2.0),
    ("activations", "gelu", "by its approximation", formula(GELU_TANH)),
    ("activations", "softplus", "without beta", without("softplus", "beta")),
    ("activations", "silu", "not multiplied", instead("sigmoid")),
    ("reductions", "mean", "not divided", instead("sum")),
    ("reductions", "var", "with another correction", _other_variance),
    ("reductions", "amax", "the least", instead("amin")),
    ("reductions", "prod", "a sum", instead("sum")),
    ("selections", "whole_median", "the upper one", _upper_median),
    ("selections", "kthvalue", "counted from 0", shifted("kthvalue", "k", -1)),
    ("selections", "sort", "ascending only", without("sort", "descending")),
    ("selections", "vector_norm", "order ignored", without("vector_norm", "ord")),
    ("selections", "aminmax", "swapped", lambda x, **arguments: RIGHT["aminmax"](x, **arguments)[::-1]),
    ("scans", "cumsum", "along another axis", _other_axis("cumsum")),
    ("scans", "cumprod", "sums", instead("cumsum")),
    ("scans", "cummax", "from the end", _from_the_end),
    ("scans", "softmax", "along another axis", _other_axis("softmax")),
    ("structure", "roll", "one too far", _rolled),
    ("structure", "flip", "of nothing", rearranged(lambda x, dims: x)),
    ("structure", "constant_pad", "on the wrong sides", _wrong_sides),
    ("structure", "rot90", "the other way", lambda x, k, dims: RIGHT["rot90"](x, k=-k, dims=dims)),
    ("structure", "tril", "one diagonal too many", shifted("tril", "diagonal", 1)),
    ("structure", "reflect_pad", "by copies of the ends", instead("replicate_pad")),
    ("structure", "unbind", "in the wrong order", lambda x, dim=0: RIGHT["unbind"](x, dim=dim)[::-1]),
    ("indexing", "index_add", "alpha ignored", without("index_add", "alpha")),
    ("indexing", "index_add", "overwritten", _copied),
    ("indexing", "scatter_add", "overwritten", instead("scatter")),
    ("indexing", "scatter_reduce_mean", "not divided", instead("scatter_reduce_sum")),
    ("indexing", "scatter_reduce_prod", "include_self ignored", without("scatter_reduce_prod", "include_self")),
    ("indexing", "scatter_reduce_amax", "the least", instead("scatter_reduce_amin")),
    ("indexing", "index_put_accumulate", "overwritten", instead("index_put")),
    ("indexing", "where", "the other way", swapped("where")),
    ("indexing", "index_select", "from the end", _selected_from_the_end),
    ("products", "matmul", "read by columns", lambda a, b: RIGHT["matmul"](a, _by_columns(b))),
    ("products", "mm", "read by columns", lambda a, b: RIGHT["mm"](_by_columns(a), b)),
    ("products", "addmm", "alpha ignored", without("addmm", "alpha")),
    ("products", "conv1d", "the kernel reversed", _true_convolution),
    ("products", "linear", "without bias", lambda x, weight, bias=None: RIGHT["linear"](x, weight)),
]


def programs(name, count=40):
    return sample(random_programs(dtype="float64", featured=name, max_operations=1), count=count)


def plant(monkeypatch, name, **changes):
    monkeypatch.setitem(OPERATIONS, name, replace(OPERATIONS[name], **changes))


def forward_agrees(program):
    """Whether torch's outputs are within the enclosures of the definition's."""
    came = torch_function(program, "cpu")(*(each.detach() for each in leaves(program, "cpu")))
    for tensor, ball in zip(came, enclosure(program, forward_only=True).outputs, strict=True):
        if tuple(tensor.shape) != ball.shape:
            return False
        with np.errstate(all="ignore"):
            error = np.abs(to_numpy(tensor) - ball.midpoint).astype(np.float64)
        if not ((error <= ball.judged_radius()) | np.isinf(ball.radius)).all():
            return False
    return True


def differences_agree(program):
    return finite_difference(program, signed_direction(program)).agrees_with_definition


NAMES = [f"{name}, {what}" for _, name, what, _ in WRONG]


@pytest.mark.parametrize(("family", "name", "what", "wrong"), WRONG, ids=NAMES)
def test_a_wrong_definition_is_noticed(monkeypatch, family, name, what, wrong):
    assert OPERATIONS[name] in FAMILIES[family]
    drawn = programs(name)
    assert all(map(differences_agree, drawn[:12]))
    assert all(map(forward_agrees, drawn))
    plant(monkeypatch, name, definition=wrong)
    assert any(not forward_agrees(program) for program in drawn)
    assert any(not differences_agree(program) for program in drawn)


def test_every_family_has_a_wrong_definition():
    assert {family for family, *_ in WRONG} == set(FAMILIES)


def test_what_a_derivative_does_not_show_the_outputs_do(monkeypatch):
    # expm1 and exp have the same derivative.
    drawn = programs("expm1")
    plant(monkeypatch, "expm1", definition=OPERATIONS["exp"].definition)
    assert all(map(differences_agree, drawn))
    assert any(not forward_agrees(program) for program in drawn)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("relu", Branch(0, 0.5, ZERO, Smooth(A - 0.5))),
        ("relu", Branch(0, 0.0, ZERO, ZERO)),
        ("abs", Branch(0, 0.0, ZERO, IDENTITY)),
        ("hardtanh", clipped(-1.5, 1.5)),
        ("relu6", clipped(0.0, 5.0)),
        ("leaky_relu", leaky(0.1)),
        ("softshrink", shrunk(0.75)),
        ("maximum", MINIMUM),
        ("fmin", IDENTITY),
        ("clamp_min", IDENTITY),
        ("elu", Branch(0, -1.0, Smooth(exp(A) - 1), IDENTITY)),
    ],
)
def test_a_wrong_kink_is_noticed(monkeypatch, name, wrong):
    drawn = programs(name)
    assert all(map(differences_agree, drawn[:12]))
    plant(monkeypatch, name, definition=formula(wrong), formula=wrong)
    assert any(not differences_agree(program) for program in drawn)
    assert any(not forward_agrees(program) for program in drawn)


def test_a_kink_at_the_input_itself_is_no_reason_to_disagree():
    # The enclosure holds everything between the two slopes there.
    drawn = [each for each in programs("relu", 150) if 0 in each.inputs[0].tensor.array]
    assert len(drawn) > 10
    assert all(map(differences_agree, drawn))


TOO_WIDE = [
    ("log", Smooth(log(A**2) / 2)),
    ("sqrt", Branch(0, 0.0, Smooth(sqrt(-A)), Smooth(sqrt(A)))),
    ("asin", Branch(0, -1.0, Smooth(asin(-1 / A)), Branch(0, 1.0, Smooth(asin(A)), Smooth(asin(1 / A))))),
    ("xlogy", Smooth(A * log(B**2) / 2)),
]


@pytest.mark.parametrize(("name", "extended"), TOO_WIDE, ids=[name for name, _ in TOO_WIDE])
def test_a_definition_of_too_wide_a_domain_is_noticed(monkeypatch, name, extended):
    assert all(not verdict(program).wrong for program in programs(name, 20))
    plant(monkeypatch, name, definition=formula(extended), formula=extended, domains=(ANYWHERE, ANYWHERE))
    # The strategy keeps its programs with its options, and these are new ones.
    drawn = programs(name, 41)
    wrong = [each for program in drawn for each in verdict(program).wrong]
    assert any(isinstance(each, Mismatch) and np.isnan(each.came) and each.source is None for each in wrong)
    assert any(not differences_agree(program) for program in drawn)


@pytest.mark.parametrize("name", [name for name, _ in TOO_WIDE])
def test_nothing_is_claimed_beyond_the_domain_of_a_right_definition(monkeypatch, name):
    plant(monkeypatch, name, domains=(ANYWHERE, ANYWHERE))
    undefined = 0
    for program in programs(name, 42):
        assert not verdict(program).wrong
        came = torch_function(program, "cpu")(*(each.detach() for each in leaves(program, "cpu")))[0]
        nowhere = np.isnan(to_numpy(came))
        assert np.isinf(enclosed(program).outputs[0].radius[nowhere]).all()
        undefined += np.count_nonzero(nowhere)
    assert undefined > 10


def verdict(program):
    return judge(program, read_answer(program, CPU, "autograd.grad"), enclosed(program))
