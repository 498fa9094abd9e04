"""The catalogue: one file for each family of operations, one entry for each operation."""

from oracle.operations.arithmetic import ARITHMETIC
from oracle.operations.operation import Operation
from oracle.operations.reductions import REDUCTIONS

OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in ARITHMETIC + REDUCTIONS}
"""Every operation by its name. To add one, add its entry to the tuple of its family."""
