"""Programs as JSON, for reports, stored corpora and replay; reading back gives an equal program."""

from __future__ import annotations

from typing import Any

from cattrs.preconf.json import make_converter

from oracle.program import Argument, Operand, Program, Value
from oracle.tensor import Fill

_CONVERTER = make_converter()


def _operand(data: Any, _: object) -> Operand:
    return Value(data["index"]) if isinstance(data, dict) else float(data)


def _values(data: Any, _: object) -> tuple[float, ...] | Fill:
    return Fill(**data) if isinstance(data, dict) else tuple(map(float, data))


def _argument(data: Any, _: object) -> Argument:
    return tuple(data) if isinstance(data, list) else data


_CONVERTER.register_structure_hook_func(lambda kind: kind == Operand, _operand)
_CONVERTER.register_structure_hook_func(lambda kind: kind == (tuple[float, ...] | Fill), _values)
_CONVERTER.register_structure_hook_func(lambda kind: kind == Argument, _argument)


def to_json(program: Program) -> str:
    """``program`` as JSON; floats are written with all their digits."""
    return _CONVERTER.dumps(program)


def from_json(text: str) -> Program:
    """The program that ``to_json`` wrote.

    Raises:
        ValueError: if the JSON is broken, or its content is no valid program.
        cattrs.ClassValidationError: if a field is missing or of a wrong kind.
    """
    return _CONVERTER.loads(text, Program)
