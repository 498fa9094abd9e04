"""What PyTorch's own checkers say of a fault: ``gradcheck``, and its operator tests' samples with ``gradcheck``."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.autograd import gradcheck
from torch.utils._pytree import tree_flatten, tree_unflatten

from tests.suite.faults.asking import function
from tests.suite.faults.fault import Fault
from tests.suite.faults.planting import planted

GENERIC_SHAPE = (3, 4)
MOST_SAMPLES = 40
"""Of an operation's samples that are put before ``gradcheck``; they take seconds each where they are large."""


def peers_say(fault: Fault) -> dict[str, bool | None]:
    """Whether each peer catches ``fault``; None where it has nothing to say.

    ``slow`` and ``fast`` are gradcheck's modes on one random float64 input for each tensor of the fault's case;
    ``opinfo`` is gradcheck in the mode that PyTorch uses on its own samples of the operation.
    """
    checks: dict[str, Callable[[], None]] = {
        "slow": lambda: _generic(fault, fast=False),
        "fast": lambda: _generic(fault, fast=True),
    }
    if fault.opinfo:
        checks["opinfo"] = lambda: _samples(fault)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"opinfo": None} | {name: _caught(fault, check) for name, check in checks.items()}


def _caught(fault: Fault, check: Callable[[], None]) -> bool:
    # Without the fault, it must have nothing to say.
    check()
    with planted(fault):
        try:
            check()
        except RuntimeError:
            # GradcheckError is one; so is what autograd raises for an impossible gradient.
            return True
    return False


def _generic(fault: Fault, *, fast: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    inputs = []
    for name in fault.case.tensors:
        shape = fault.shapes.get(name, GENERIC_SHAPE)
        # Between 1/2 and 3/2, where every function of the cases is smooth.
        inputs.append((torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5).requires_grad_())
    gradcheck(function(fault.case), inputs, fast_mode=fast)


@cache
def _opinfos() -> dict[str, Any]:
    from torch.testing._internal.common_methods_invocations import op_db

    found: dict[str, Any] = {}
    for info in op_db:
        found.setdefault(info.name, info)
    return found


def _samples(fault: Fault) -> None:
    info = _opinfos()[fault.opinfo]
    for sample in islice(info.sample_inputs("cpu", torch.float64, requires_grad=True), MOST_SAMPLES):
        _check_sample(info, sample)


def _check_sample(info: Any, sample: Any) -> None:
    operands, structure = tree_flatten((sample.input, *sample.args))
    places = [place for place, each in enumerate(operands) if isinstance(each, Tensor) and each.requires_grad]
    if not places:
        return

    def call(*differentiated: Tensor) -> Any:
        given = list(operands)
        for place, each in zip(places, differentiated, strict=True):
            given[place] = each
        result = info(*tree_unflatten(given, structure), **sample.kwargs)
        return sample.output_process_fn_grad(result)

    gradcheck(call, [operands[place] for place in places], fast_mode=info.gradcheck_fast_mode is not False)
