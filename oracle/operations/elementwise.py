"""How entries of elementwise operations are written."""

from __future__ import annotations

from collections.abc import Callable

from oracle.formula import OPERANDS, Branch, Formula, Smooth, smooth_parts
from oracle.operations.operation import Definition, Interval, Operation

_CASES = {1: "unary", 2: "binary", 3: "ternary"}


def elementwise(
    name: str,
    formula: Formula,
    operator: str = "",
    *,
    case: str = "",
    domains: tuple[Interval, ...] = (),
    functions: tuple[str, ...] = (),
    module: str = "torch",
    methods: bool = True,
    in_place: bool = True,
) -> Operation:
    """An elementwise operation without arguments.

    Args:
        name: in the catalogue, and in torch.
        formula: what it computes; its thresholds are the kinks.
        operator: a Python expression that calls it too.
        case: how it is drawn; by default by the number of its operands.
        domains: where the operands may lie.
        functions: names in torch, if they are not ``name`` alone.
        module: ``torch``, ``torch.special`` or ``torch.nn.functional``; only the first has methods.
        methods: whether tensors have methods of these names.
        in_place: whether it has a method that overwrites its operand.
    """
    count = operand_count(formula)
    operands = ", ".join(f"{{{position}}}" for position in range(count))
    others = operands.removeprefix("{0}").removeprefix(", ")
    spellings = [operator] if operator else []
    overwriting = []
    for function in functions or (name,):
        spellings.append(f"{module}.{function}({operands})")
        if module == "torch":
            spellings += [f"{{0}}.{function}({others})"] if methods else []
            overwriting += [f"{{0}}.clone().{function}_({others})"] if methods and in_place else []
    if module == "torch.nn.functional" and in_place:
        overwriting.append(f"{module}.{name}({{0}}.clone(), inplace=True)")
    return Operation(
        name,
        tuple(spellings),
        lambda a, *others: a.elementwise(formula, *others),
        case or _CASES[count],
        domains=domains,
        in_place=tuple(overwriting),
        formula=formula,
        kinks=tuple(sorted(set(kinks(formula)))),
        ties=has_ties(formula),
    )


def with_arguments(
    name: str,
    definition: Definition,
    case: str,
    *,
    spellings: tuple[str, ...],
    domains: tuple[Interval, ...] = (),
    in_place: tuple[str, ...] = (),
    kinks: tuple[float, ...] = (),
) -> Operation:
    """An elementwise operation with arguments."""
    return Operation(name, spellings, definition, case, domains=domains, in_place=in_place, kinks=kinks)


def parametric(
    name: str,
    formula: Callable[..., Formula],
    case: str,
    *,
    spellings: tuple[str, ...],
    in_place: tuple[str, ...] = (),
    kinks: tuple[float, ...] = (),
) -> Operation:
    """An elementwise operation of one operand; ``formula`` makes its formula from arguments that all have defaults."""
    return Operation(
        name,
        spellings,
        lambda x, **arguments: x.elementwise(formula(**arguments)),
        case,
        in_place=in_place,
        formula=formula(),
        kinks=kinks,
    )


def operand_count(formula: Formula) -> int:
    """How many operands ``formula`` has."""
    used = {symbol for part in smooth_parts(formula) for symbol in part.expression.free_symbols}
    if isinstance(formula, Branch):
        used.add(OPERANDS[formula.operand])
    return max(int(OPERANDS.index(symbol)) for symbol in used) + 1


def kinks(formula: Formula) -> list[float]:
    """The numbers with which the first operand is compared, unless the function is smooth there."""
    if isinstance(formula, Smooth):
        return []
    own = (
        [float(formula.threshold)]
        if formula.operand == 0 and formula.threshold_operand is None and formula.at is None
        else []
    )
    return [*own, *kinks(formula.below), *kinks(formula.above)]


def has_ties(formula: Formula) -> bool:
    """Whether operands are compared with each other."""
    return isinstance(formula, Branch) and (
        formula.threshold_operand is not None or has_ties(formula.below) or has_ties(formula.above)
    )
