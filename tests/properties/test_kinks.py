"""Kinks and ties: any gradient between the one-sided ones is right, and what PyTorch chooses goes into the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oracle.kinks import kinks
from oracle.route import ROUTES, to_numpy
from tests.gate.judge import Judge


def test_kinks(judge: Judge, record_property: Callable[[str, Any], None]) -> None:
    """At every kink and tie the gradient lies in Clarke's interval."""
    for kink in kinks(judge.record.dtype):
        judge.enclosed(kink.program)
        gradients = ROUTES["backward"](kink.program, judge.record.device).gradients.values()
        chosen = [to_numpy(gradient).tolist() for gradient in gradients if gradient is not None]
        row = {"operation": kink.operation, "place": kink.place, "chosen": chosen}
        record_property("gradcert-kink", row | {"dtype": judge.record.dtype, "device": judge.record.device})
