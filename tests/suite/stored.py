"""Stores that self-tests share, and whether what comes out of them is what was put in."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from oracle.measured_arithmetic import device_arithmetic
from oracle.target import CPU
from tests.gate.store import Store


def same(one, other):
    """Whether two truths are the same in every bit."""
    mine, yours = ((*each.outputs, *each.gradients.values()) for each in (one, other))
    return (one.tier, list(one.gradients)) == (other.tier, list(other.gradients)) and all(
        a.midpoint.tobytes() == b.midpoint.tobytes() and a.radius.tobytes() == b.radius.tobytes()
        for a, b in zip(mine, yours, strict=True)
    )


def new_store(folder):
    """A store in ``folder`` that closes itself at the end of a context."""
    return closing(Store.create(folder / "programs.db", {"seed": "7", "devices": ["cpu"]}))


HERE = device_arithmetic(CPU, "float64")
FLUSHING = replace(HERE, flushes_subnormals=True)


def put(store, program, arithmetic=HERE, **known):
    """Keep ``program`` with what is ``known`` of it under the facts ``arithmetic``."""
    store.put_facts("float64", arithmetic.to_json())
    store.put("test", "float64", "", program, known)
