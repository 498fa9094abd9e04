"""Elementwise operations, what they broadcast, and the layouts of their operands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor

from benchmarks.workloads.workload import SIZES, ClosedForm, Workload, filled, matrix_shape, of_tensors, with_cotangent
from oracle.program import Argument, Program, ProgramBuilder, Value
from oracle.tensor import Layout

Shape = tuple[int, ...]


def _unary(name: str, arguments: dict[str, Argument], size: int, dtype: str) -> Program:
    def steps(builder: ProgramBuilder, x: Value) -> Value:
        return builder.apply(name, x, arguments=arguments)

    return with_cotangent(of_tensors((size,), dtype=dtype, steps=steps), (size,), dtype)


def _binary(name: str, size: int, dtype: str) -> Program:
    def steps(builder: ProgramBuilder, x: Value, y: Value) -> Value:
        return builder.apply(name, x, y)

    return with_cotangent(of_tensors((size,), (size,), dtype=dtype, steps=steps), (size,), dtype)


def _given(cotangent: Tensor | None) -> Tensor:
    assert cotangent is not None
    return cotangent


def _slope(function: Callable[[Tensor], Tensor]) -> ClosedForm:
    """The closed form of a function of one operand whose derivative is ``function``, which returns a new tensor."""
    return lambda inputs, cotangent: [function(inputs[0]).mul_(_given(cotangent))]


def _tanh_slope(x: Tensor) -> Tensor:
    y = x.tanh()
    return y.mul_(y).neg_().add_(1)


def _sigmoid_slope(x: Tensor) -> Tensor:
    y = x.sigmoid()
    return y.sub(y * y)


_UNARY: tuple[tuple[str, dict[str, Argument], ClosedForm | None], ...] = (
    ("neg", {}, lambda inputs, cotangent: [_given(cotangent).neg()]),
    ("square", {}, _slope(lambda x: x * 2)),
    ("pow", {"exponent": 3}, _slope(lambda x: (x * x).mul_(3))),
    ("exp", {}, _slope(lambda x: x.exp())),
    ("sin", {}, _slope(lambda x: x.cos())),
    ("tanh", {}, _slope(_tanh_slope)),
    ("sigmoid", {}, _slope(_sigmoid_slope)),
    ("relu", {}, _slope(lambda x: (x > 0).to(x.dtype))),
    ("gelu", {}, None),
    ("silu", {}, None),
    ("softplus", {}, None),
    ("atan", {}, _slope(lambda x: (x * x).add_(1).reciprocal_())),
)

_BINARY: tuple[tuple[str, ClosedForm], ...] = (
    ("add", lambda inputs, cotangent: [_given(cotangent).clone(), _given(cotangent).clone()]),
    ("mul", lambda inputs, cotangent: [_given(cotangent) * inputs[1], _given(cotangent) * inputs[0]]),
)

_LARGEST = {"gelu": 10**6}
"""Numbers of elements beyond which the oracle takes minutes: its error function takes it 30 µs each."""

ELEMENTWISE = (
    *(
        Workload(
            name if name != "pow" else "cube",
            "elementwise",
            f"{name}(x)" if name != "pow" else "x³",
            partial(_unary, name, arguments),
            largest=_LARGEST.get(name, SIZES[-1]),
            closed_form=closed_form,
        )
        for name, arguments, closed_form in _UNARY
    ),
    *(
        Workload(
            name,
            "elementwise",
            f"{name}(x, y) of equal shapes",
            partial(_binary, name),
            closed_form=closed_form,
        )
        for name, closed_form in _BINARY
    ),
)


def _broadcast(name: str, shapes: Callable[[Shape], tuple[Shape, Shape]], size: int, dtype: str) -> Program:
    shape = matrix_shape(size)

    def steps(builder: ProgramBuilder, x: Value, y: Value) -> Value:
        return builder.apply(name, x, y)

    return with_cotangent(of_tensors(*shapes(shape), dtype=dtype, steps=steps), shape, dtype)


BROADCASTING = tuple(
    Workload(
        f"{name}-{what}",
        "broadcasting",
        f"{name} of a {says}: the adjoint is a sum",
        partial(_broadcast, name, shapes),
    )
    for name, what, says, shapes in (
        ("add", "row", "matrix and a row", lambda shape: (shape, shape[1:])),
        ("add", "column", "matrix and a column", lambda shape: (shape, (shape[0], 1))),
        ("mul", "row", "matrix and a row", lambda shape: (shape, shape[1:])),
        ("mul", "scalar", "matrix and a scalar tensor", lambda shape: (shape, ())),
        ("mul", "outer", "column and a row", lambda shape: ((shape[0], 1), shape[1:])),
    )
)

_LAYOUTS = {
    "contiguous": Layout.contiguous(2),
    "transposed": Layout((1, 0), (0, 0), (1, 1)),
    "expanded": Layout((0, 1), (0, 0), (1, 1), expanded=(0,)),
}


def _laid(layout: Layout, of_cotangent: bool, size: int, dtype: str) -> Program:
    shape = matrix_shape(size)

    def steps(builder: ProgramBuilder, x: Value) -> Value:
        return builder.apply("sin", x)

    builder = of_tensors(shape, dtype=dtype, steps=steps, layouts=[None if of_cotangent else layout])
    return builder.program(filled(shape, dtype, 1, layout if of_cotangent else None))


LAYOUTS = tuple(
    Workload(
        f"sin-{'of-cotangent-' if of_cotangent else ''}{kind}",
        "layouts",
        f"sin of a matrix, {'the cotangent' if of_cotangent else 'which is'} {kind} in memory",
        partial(_laid, layout, of_cotangent),
    )
    for of_cotangent in (False, True)
    for kind, layout in _LAYOUTS.items()
)
