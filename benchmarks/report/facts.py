"""What was measured of a machine's arithmetic, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping

from benchmarks.report import quantities, table
from benchmarks.report.inputs import Facts
from benchmarks.report.table import Cell, Table, words

_Names = tuple[str, ...] | None


def facts_table(facts: Mapping[str, Facts]) -> Table:
    """A row for each device and dtype."""
    columns = (
        words("Device", "that was asked"),
        words("Dtype", "in which it was asked"),
        words("Powers", "whether powers with whole exponents come exact where the dtype holds them"),
        words("Subnormal numbers", "whether numbers below the smallest normal one are kept, or flushed to 0"),
        words("Sums kept in the dtype", "those of which every partial sum is rounded to the dtype, which loses terms"),
        words("Gradients step by step", "functions whose gradient is computed in steps, each rounded to the dtype"),
        words("Factors of products", "whether those of a product of matrices are rounded before they are multiplied"),
        words("Subnormal products", "whether products of matrices keep numbers below the smallest normal one"),
    )
    rows = []
    for name, each in facts.items():
        device, _, dtype = name.rpartition(" ")
        rows.append((table.cell(device), Cell(dtype), *map(table.cell, _in_words(each))))
    return Table("facts", "What this machine does", columns, rows)


def _in_words(facts: Facts) -> tuple[str, ...]:
    """Every fact; empty where it was not measured."""
    return (
        _either(facts.powers_are_exact, "exact", "rounded"),
        _either(facts.flushes_subnormals, "flushed to 0", "kept"),
        "; ".join(facts.kept_in_dtype or _none(facts.kept_in_dtype)),
        ", ".join(facts.composite or _none(facts.composite)),
        "" if facts.product_roundoff is None else _factors(facts.product_roundoff),
        _either(facts.products_flush_subnormals, "flushed to 0", "kept"),
    )


def _either(fact: bool | None, yes: str, no: str) -> str:
    return "" if fact is None else yes if fact else no


def _none(names: _Names) -> tuple[str, ...]:
    return () if names is None else ("none",)


def _factors(roundoff: float) -> str:
    return f"rounded to {quantities.counted(round(-math.log2(roundoff)), 'bit')}" if roundoff > 0 else "not rounded"


def differences(base: Facts, here: Facts) -> list[str]:
    """What is so ``here`` and not there, each in words; what was measured on one side alone is left out."""
    found = []
    if _differ(base.powers_are_exact, here.powers_are_exact):
        found.append("powers are exact" if here.powers_are_exact else "powers are rounded")
    if _differ(base.flushes_subnormals, here.flushes_subnormals):
        found.append(f"subnormal numbers are {_either(here.flushes_subnormals, 'flushed to 0', 'kept')}")
    found += _sets("sums are {} in the dtype", "kept", "; ", base.kept_in_dtype, here.kept_in_dtype)
    found += _sets("gradients are {} step by step", "computed", ", ", base.composite, here.composite)
    if here.product_roundoff is not None and _differ(base.product_roundoff, here.product_roundoff):
        found.append(f"factors of products of matrices are {_factors(here.product_roundoff)}")
    if _differ(base.products_flush_subnormals, here.products_flush_subnormals):
        found.append(f"subnormal products are {_either(here.products_flush_subnormals, 'flushed to 0', 'kept')}")
    return found


def _differ(base: float | None, here: float | None) -> bool:
    return base is not None and here is not None and base != here


def _sets(says: str, word: str, mark: str, base: _Names, here: _Names) -> list[str]:
    """What is named ``here`` alone, and what on the base alone, as ``says`` says with ``word`` or its contrary."""
    if base is None or here is None:
        return []
    sides = ((word, here, base), (f"not {word}", base, here))
    alone = [(verb, [name for name in names if name not in others]) for verb, names, others in sides]
    return [f"{says.format(verb)}: {mark.join(names)}" for verb, names in alone if names]
