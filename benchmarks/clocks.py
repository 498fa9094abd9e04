"""Clocks: time as the host sees it, and as the device itself counts it.

A call on an accelerator returns before its work is done, so a clock that does not wait reads how long it takes to ask.
``leaves_nothing_to_do`` tells the two apart, and every device's clock must pass it before anything is timed.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

Clock = Callable[[], float]
"""Seconds since some moment."""

Work = Callable[[], object]
"""Something to be timed."""

LEFT = 0.1
"""The share of its reading that a clock may leave undone: one that does not wait for a device leaves nearly all."""


def no_wait() -> None:
    """What there is to wait for on a device whose calls return when their work is done."""


def waiting(device: str) -> Callable[[], None]:
    """What waits until ``device`` has done everything that it was asked for."""
    return no_wait if device == "cpu" else lambda: torch.accelerator.synchronize(device)


def host_clock(device: str) -> Clock:
    """A clock that waits for ``device`` before it is read: time as whoever waits for a result sees it."""
    wait = waiting(device)
    if wait is no_wait:
        return time.perf_counter

    def clock() -> float:
        wait()
        return time.perf_counter()

    return clock


def leaves_nothing_to_do(clock: Clock, work: Work, wait: Callable[[], None]) -> bool:
    """Whether ``work`` is done when ``clock`` is read after it.

    - ``work``: takes a millisecond at least.
    - ``wait``: what waits until it is done.
    """
    wait()
    start = clock()
    work()
    read = clock() - start
    begun = time.perf_counter()
    wait()
    left = time.perf_counter() - begun
    return left <= LEFT * (read + left)


@dataclass(frozen=True)
class DeviceTime:
    """Seconds that a device itself counts between two events around one call: the median, and a tenth from each end."""

    median: float
    low: float
    high: float


def device_time(work: Work, device: str, rounds: int = 21) -> DeviceTime | None:
    """Time ``work`` by events on ``device``'s current stream, after a first call that is not counted.

    None on the CPU, whose own time is the host's. The tensors are the same in every round, so what fits into the
    device's cache stays there.
    """
    if device == "cpu":
        return None
    work()
    readings = []
    for _ in range(rounds):
        start, end = (torch.Event(device, enable_timing=True) for _ in range(2))
        start.record()
        work()
        end.record()
        torch.accelerator.synchronize(device)
        readings.append(start.elapsed_time(end) / 1000)
    tenths = statistics.quantiles(readings, n=10)
    return DeviceTime(statistics.median(readings), tenths[0], tenths[-1])


_ASKED = ("clocks.sm", "clocks.max.sm", "temperature.gpu", "power.draw", "clocks_event_reasons.active")


def device_state(device: str) -> dict[str, str]:
    """Clocks, temperature, power and reasons for throttling of an NVIDIA device as its driver reports them.

    Empty for other devices, and where the driver's tool is missing. Nothing on the device is changed.
    """
    tool = shutil.which("nvidia-smi") if device.startswith("cuda") else None
    if tool is None:
        return {}
    asked = [tool, f"--query-gpu={','.join(_ASKED)}", "--format=csv,noheader", f"--id={torch.cuda.current_device()}"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    values = told.stdout.strip().split(", ")
    return dict(zip(_ASKED, values, strict=True)) if len(values) == len(_ASKED) else {}
