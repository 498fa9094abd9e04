"""The machine and the PyTorch that were timed: what they are, and how fast they copy."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cpuinfo
import torch

from benchmarks.clocks import host_clock, leaves_nothing_to_do, waiting
from benchmarks.passes import Case, works
from benchmarks.workloads import WORKLOADS
from oracle.target import VARIABLES

ROOT = Path(__file__).parents[1]

COPIED_BYTES = 2**28
"""Of each of the two tensors of a copy: far more than any cache holds."""

COPIES = 7

OVERHEAD_ROUNDS = 25


@dataclass(frozen=True)
class Device:
    """What was measured about a device before anything was timed on it.

    Attributes:
        name: what its maker calls it.
        bandwidth: bytes read and written in a second by the fastest of some copies between tensors of 256 MiB, as
            STREAM counts them (McCalpin, *Memory Bandwidth and Machine Balance*, 1995).
        node_seconds: what a node of a graph costs a forward and a backward, whatever it computes.
        call_seconds: what a forward and a backward cost besides.
    """

    name: str
    bandwidth: float
    node_seconds: float
    call_seconds: float


def measured(device: str) -> Device:
    """Measure ``device``.

    Raises:
        RuntimeError: if its clock does not wait for its work.
    """
    node, call = _overhead(device)
    return Device(_name(device), _bandwidth(device), node, call)


def _name(device: str) -> str:
    if device == "cpu":
        return str(cpuinfo.get_cpu_info().get("brand_raw", platform.processor()))
    module = torch.get_device_module(device)
    return str(module.get_device_name()) if hasattr(module, "get_device_name") else device


def _bandwidth(device: str) -> float:
    clock = host_clock(device)
    source = torch.ones(COPIED_BYTES, dtype=torch.uint8, device=device)
    target = torch.zeros_like(source)
    if not leaves_nothing_to_do(clock, lambda: target.copy_(source), waiting(device)):
        raise RuntimeError(f"{device}: the clock was read before a copy was done; nothing can be timed with it")
    seconds = []
    for _ in range(COPIES):
        start = clock()
        target.copy_(source)
        seconds.append(clock() - start)
    return 2 * COPIED_BYTES / min(seconds)


def _overhead(device: str) -> tuple[float, float]:
    """Seconds for each node, and for a call, of a forward and a backward: a line through two chains of one element."""
    lengths, best = (10, 300), []
    clock = host_clock(device)
    for length in lengths:
        case = Case(WORKLOADS[f"products-{length}"], 1, "float32", device)
        work = works(case.workload.write(1, "float32"), case)["total"]
        seconds = []
        for _ in range(OVERHEAD_ROUNDS):
            start = clock()
            work()
            seconds.append(clock() - start)
        best.append(min(seconds))
    node = (best[1] - best[0]) / (lengths[1] - lengths[0])
    return node, max(best[0] - lengths[0] * node, 0.0)


def fingerprint() -> dict[str, Any]:
    """What must be equal for timings of two runs to be comparable: the machine, not the software."""
    info = cpuinfo.get_cpu_info()
    return {
        "cpu": str(info.get("brand_raw", platform.processor())),
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        # A digest of the network card's address: whether it is the very machine, and nothing else about it.
        "identity": hashlib.sha256(str(uuid.getnode()).encode()).hexdigest()[:12],
    }


def provenance(devices: list[str]) -> dict[str, Any]:
    """What was timed, where and how."""
    built_for = torch.version.cuda or torch.version.hip
    return {
        "torch": torch.__version__,
        "torch_git": torch.version.git_version,
        "built_for": f"CUDA {torch.version.cuda}"
        if torch.version.cuda
        else f"ROCm {built_for}"
        if built_for
        else "CPU",
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        # What this environment says of which kernels may be used.
        "limits": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "hash_seed": os.environ.get("PYTHONHASHSEED", "random"),
        "revision": _revision(),
        "date": time.strftime("%Y-%m-%d"),
        "cache": "the same tensors in every round: what fits into a cache stays there",
        "machine": fingerprint(),
        "devices": {device: asdict(measured(device)) for device in devices},
    }


def _revision() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"
