"""What a backward pass costs, beside its forward pass, the closed form and the machine's own limits.

A case whose gradient is wrong is not timed: its tests fail instead.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any

import pytest

from benchmarks.clocks import device_state, device_time
from benchmarks.passes import Case, Prepared


# The passes of a case come one after the other.
@lru_cache(maxsize=1)
def prepared(case: Case) -> Prepared:
    """The case, judged and ready to be timed."""
    return Prepared(case)


@pytest.mark.benchmark(min_rounds=9, min_time=0.001, max_time=0.03, warmup=True, warmup_iterations=1, disable_gc=True)
def test_backward(benchmark: Any, timed: tuple[Case, str], provenance: dict[str, Any]) -> None:
    """Seconds of one pass of one case."""
    case, name = timed
    ready = prepared(case)
    work = ready.works[name]
    before = device_state(case.device)
    benchmark(work)
    on_device = device_time(work, case.device)
    benchmark.extra_info.update(
        workload=case.workload.name,
        family=case.workload.family,
        says=case.workload.says,
        size=case.size,
        dtype=case.dtype,
        device=case.device,
        timed=name,
        first_seconds=ready.first[name],
        informative=ready.informative,
        **asdict(ready.structure),
    )
    if on_device is not None:
        benchmark.extra_info.update(
            device_seconds=asdict(on_device), device_before=before, device_after=device_state(case.device)
        )
