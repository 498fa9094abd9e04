"""Programs as JSON, for reports, stored corpora and replay; reading back gives an equal program.

``docs/schemas/program.schema.json`` describes the form.
"""

from __future__ import annotations

import json
import math
from typing import Any

from cattrs.preconf.json import make_converter

from oracle.index import Index, IndexTensor, Slice
from oracle.program import Argument, Operand, Program, Value
from oracle.tensor import Fill

SCHEMA_VERSION = 1
"""Of the form of a program; the next number once a reader of this one would misread or refuse what is written."""

_CONVERTER = make_converter()


def _operand(data: Any, _: object) -> Operand:
    return Value(data["index"]) if isinstance(data, dict) else float(data)


def _values(data: Any, _: object) -> tuple[float, ...] | Fill:
    return Fill(**data) if isinstance(data, dict) else tuple(map(float, data))


def _argument(data: Any, _: object) -> Argument:
    if isinstance(data, dict):
        return Index(tuple(map(_entry, data["entries"]))) if "entries" in data else _index_tensor(data)
    return tuple(data) if isinstance(data, list) else data


def _entry(data: Any) -> int | Slice | IndexTensor | None:
    if isinstance(data, dict):
        return Slice(**data) if "step" in data else _index_tensor(data)
    assert data is None or isinstance(data, int)
    return data


def _index_tensor(data: Any) -> IndexTensor:
    return IndexTensor(tuple(data["shape"]), tuple(data["values"]))


_CONVERTER.register_structure_hook_func(lambda kind: kind == Operand, _operand)
_CONVERTER.register_structure_hook_func(lambda kind: kind == (tuple[float, ...] | Fill), _values)
_CONVERTER.register_structure_hook_func(lambda kind: kind == Argument, _argument)
for _kind in (Index, IndexTensor):
    # Their fields are unions, which a converter does not take apart by itself.
    _CONVERTER.register_unstructure_hook(_kind, lambda each: _plain(each))


def _plain(each: Any) -> Any:
    if isinstance(each, Index | Slice | IndexTensor):
        return {name: _plain(value) for name, value in vars(each).items()}
    return [_plain(item) for item in each] if isinstance(each, tuple) else each


def to_json(program: Program) -> str:
    """``program`` as JSON: floats with all their digits, and those that JSON has not as ``{"float": "inf"}``."""
    data = {"schema_version": SCHEMA_VERSION, **_CONVERTER.unstructure(program)}
    try:
        return json.dumps(data, allow_nan=False)
    except ValueError:
        return json.dumps(_with_named_floats(data))


def _with_named_floats(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _with_named_floats(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_with_named_floats(each) for each in data]
    return {"float": str(data)} if isinstance(data, float) and not math.isfinite(data) else data


def _named_float(data: dict[str, Any]) -> Any:
    return float(data["float"]) if data.keys() == {"float"} else data


def from_json(text: str) -> Program:
    """The program that ``to_json`` wrote.

    Raises:
        ValueError: if the JSON is broken, has another schema version, or its content is no valid program.
        cattrs.ClassValidationError: if a field is missing or of a wrong kind.
    """
    data = json.loads(text, object_hook=_named_float)
    version = data.pop("schema_version", None)
    if version != SCHEMA_VERSION:
        raise ValueError(f"schema_version is {version}, and this suite reads {SCHEMA_VERSION}")
    return _CONVERTER.structure(data, Program)
