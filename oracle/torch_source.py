"""A program as Python source that calls torch: the very text that is run, and that reproducers print."""

from __future__ import annotations

from oracle.operations import OPERATIONS
from oracle.program import Operand, Program, Value
from oracle.tensor import Fill, TensorSpec

_LISTED = 16
"""Elements up to which a tensor of one value is written out."""


def value_name(program: Program, index: int) -> str:
    """The Python name of a value: ``x0``, ``x1`` … for inputs, ``v2`` … for results."""
    return f"x{index}" if index < len(program.inputs) else f"v{index}"


def function_source(program: Program) -> str:
    """The source of a function ``program(x0, x1, …)`` that returns the list of its outputs."""

    def operand(each: Operand) -> str:
        if isinstance(each, Value):
            return value_name(program, each.index)
        return f"({each!r})" if each < 0 or str(each).startswith("-") else repr(each)

    parameters = ", ".join(value_name(program, index) for index in range(len(program.inputs)))
    lines = [f"def program({parameters}):"]
    for application, results in zip(program.applications, program.results, strict=True):
        operation = OPERATIONS[application.operation]
        call = operation.call(application.spelling, tuple(map(operand, application.operands)), application.arguments)
        names = ", ".join(value_name(program, index) for index in results)
        lines.append(f"    {names}{',' * operation.several_results * (len(results) == 1)} = {call}")
    outputs = ", ".join(value_name(program, output.value.index) for output in program.outputs)
    return "\n".join([*lines, f"    return [{outputs}]"])


def tensor_source(spec: TensorSpec, name: str) -> str:
    """Statements that build the tensor of ``spec`` as ``name`` on ``device``, value for value and place for place."""
    dtype = f"torch.{spec.dtype}"
    _, strides, offset = spec.layout.placement(spec.shape)
    if isinstance(spec.values, Fill):
        return _fill_source(spec, spec.values, name)
    if spec.layout.kind == "contiguous" and spec.count > _LISTED and len(set(spec.values)) == 1:
        return f"{name} = torch.full({spec.shape}, {spec.values[0]!r}, dtype={dtype}, device=device)"
    if spec.layout.kind == "contiguous":
        values = repr(spec.array.tolist())
        shaped = f".reshape({spec.shape})" if spec.count == 0 else ""
        return f"{name} = torch.tensor({values}, dtype={dtype}, device=device){shaped}"
    storage = repr(spec.storage.tolist()).replace("nan", "math.nan")
    strided = f".as_strided({spec.shape}, {strides}, {offset})"
    return f"{name} = torch.tensor({storage}, dtype={dtype}, device=device){strided}"


def _fill_source(spec: TensorSpec, fill: Fill, name: str) -> str:
    length, strides, offset = spec.layout.placement(spec.shape)
    bound = 2 * 2**fill.bits - 1
    return "\n".join(
        [
            f"index = (torch.arange(1, {spec.stored_count + 1}) + {65537 * fill.seed}) % {2**31 - 1}",
            f"values = (index * index % {2**31 - 1} % {bound} - {2**fill.bits - 1}).double() * 2.0**{fill.exponent}",
            f"storage = torch.full(({length},), math.nan, dtype=torch.{spec.dtype}, device=device)",
            f"places = storage.as_strided({spec.stored_shape}, {strides}, {offset})",
            f"places.copy_(values.reshape({spec.stored_shape}))",
            f"{name} = storage.as_strided({spec.shape}, {strides}, {offset})",
        ]
    )
