"""What a definition says of a few concrete numbers, without torch."""

from __future__ import annotations

import numpy as np

from oracle.enclosure import enclosure
from oracle.program import Input, Output, Program, ProgramBuilder, Value
from tests.suite.examples import contiguous


def applied_to(operation, *operands, results=1, **arguments):
    """A float64 program that applies ``operation`` to arrays and numbers, with all its results as outputs."""
    arrays = [np.asarray(each, dtype=np.float64) for each in operands if not isinstance(each, float)]
    builder = ProgramBuilder([Input(contiguous(tuple(each.ravel().tolist()), each.shape)) for each in arrays])
    numbers = iter(range(len(arrays)))
    values = [each if isinstance(each, float) else Value(next(numbers)) for each in operands]
    outputs = builder.apply_all(operation, *values, arguments=arguments, results=results)
    return Program(builder.inputs, tuple(builder.applications), tuple(Output(each) for each in outputs))


def defined(operation, *operands, results=1, **arguments):
    """What the definition of ``operation`` gives for arrays and numbers: an array, or a list of ``results`` arrays."""
    program = applied_to(operation, *operands, results=results, **arguments)
    came = [ball.midpoint.astype(np.float64) for ball in enclosure(program, forward_only=True).outputs]
    return came if results > 1 else came[0]
