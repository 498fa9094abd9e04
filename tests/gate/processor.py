"""The processor of this machine."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from pathlib import Path

import torch

CPUINFO = Path("/proc/cpuinfo")
"""What Linux says of its processors."""


@cache
def processor() -> str:
    """The name of its model and the instruction set for which ATen takes its kernels, as in ``AMD EPYC, AVX512``."""
    return f"{model()}, {torch.backends.cpu.get_cpu_capability()}"


def model() -> str:
    """The name of its model; that of its architecture where the system does not tell."""
    if platform.system() == "Darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    else:
        # Linux names the model of a processor of Intel or AMD, and of few others.
        lines = CPUINFO.read_text(encoding="utf-8").splitlines() if CPUINFO.exists() else []
        said = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return said or platform.machine()
