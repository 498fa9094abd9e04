"""The catalogue: one file for each family of operations, one entry for each operation."""

from oracle.operations.activations import ACTIVATIONS
from oracle.operations.arithmetic import ARITHMETIC
from oracle.operations.functions import FUNCTIONS
from oracle.operations.indexing import INDEXING
from oracle.operations.operation import Operation
from oracle.operations.products import PRODUCTS
from oracle.operations.reductions import REDUCTIONS
from oracle.operations.scans import SCANS
from oracle.operations.selections import SELECTIONS
from oracle.operations.structure import STRUCTURE

FAMILIES: dict[str, tuple[Operation, ...]] = {
    "arithmetic": ARITHMETIC,
    "functions": FUNCTIONS,
    "activations": ACTIVATIONS,
    "reductions": REDUCTIONS,
    "selections": SELECTIONS,
    "scans": SCANS,
    "structure": STRUCTURE,
    "indexing": INDEXING,
    "products": PRODUCTS,
}
"""Every family by its name."""

OPERATIONS: dict[str, Operation] = {operation.name: operation for family in FAMILIES.values() for operation in family}
"""Every operation by its name. To add one, add its entry to the tuple of its family."""
