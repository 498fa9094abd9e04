"""Faults: wrong gradients to be planted into PyTorch, by which the gate's power is measured."""

from __future__ import annotations

from tests.suite.faults.arguments import ARGUMENTS
from tests.suite.faults.bookkeeping import BOOKKEEPING
from tests.suite.faults.broadcasting import BROADCASTING
from tests.suite.faults.cotangents import COTANGENTS
from tests.suite.faults.dtypes import DTYPES
from tests.suite.faults.fault import Fault
from tests.suite.faults.forwards import FORWARDS
from tests.suite.faults.history import HISTORY
from tests.suite.faults.layouts import LAYOUTS
from tests.suite.faults.precision import PRECISION
from tests.suite.faults.sizes import SIZES
from tests.suite.faults.values import VALUES

AREAS: dict[str, tuple[Fault, ...]] = {
    "precision": PRECISION,
    "cotangent": COTANGENTS,
    "values": VALUES,
    "arguments": ARGUMENTS,
    "broadcasting": BROADCASTING,
    "layout": LAYOUTS,
    "size": SIZES,
    "dtype": DTYPES,
    "bookkeeping": BOOKKEEPING,
    "forward": FORWARDS,
    "history": HISTORY,
}
"""The faults of each area."""

FAULTS: dict[str, Fault] = {fault.name: fault for faults in AREAS.values() for fault in faults}
"""Every fault by its name."""
