"""What devices there are, and what is measured about their arithmetic before anything is judged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from oracle.number_format import NUMBER_FORMATS
from oracle.target import CPU, Target


@dataclass(frozen=True)
class DeviceArithmetic:
    """Facts about one dtype on one device.

    Attributes:
        powers_are_exact: ``pow`` returned every representable power, from the 4th to the 16th, of the multiples of 1/4
            up to 16 exactly.
        flushes_subnormals: halving the smallest normal number gave 0.
    """

    powers_are_exact: bool
    flushes_subnormals: bool


def available_devices() -> list[str]:
    """``cpu`` and the type of every accelerator that ``torch.accelerator`` reports."""
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return ["cpu", *([accelerator.type] if accelerator is not None else [])]


def absence(target: Target) -> str | None:
    """Why ``target`` cannot be used, in a few words, or None if it can."""
    try:
        torch.ones(1, device=target.device).cpu()
        return target.not_taken()
    except (RuntimeError, AssertionError, NotImplementedError, ValueError) as error:
        # torch tells an unknown name, an absent driver and a build without the backend by these four.
        return str(error).strip().splitlines()[0]


@cache
def has_dtype(device: str, dtype: str) -> bool:
    """Whether ``device`` can hold and add numbers of ``dtype`` (Apple's GPUs have no float64)."""
    try:
        ones = torch.ones(1, device=device, dtype=getattr(torch, dtype))
        return bool((ones + ones).item() == 2)
    except (RuntimeError, TypeError):
        return False


def float64_target(target: Target) -> Target:
    """``target`` if its device has float64, else the CPU: finite differences are taken in float64."""
    return target if has_dtype(target.device, "float64") else CPU


@cache
def device_arithmetic(target: Target, dtype: str) -> DeviceArithmetic:
    """Measure ``DeviceArithmetic`` as the target says; this also warms the device."""
    with target.applied():
        return _measured(target.device, dtype)


def _measured(device: str, dtype: str) -> DeviceArithmetic:
    number_format = NUMBER_FORMATS[dtype]
    torch_dtype = getattr(torch, dtype)
    exact = True
    for exponent in range(4, 17):
        fits = [quarters for quarters in range(-64, 65) if abs(quarters) ** exponent < 2**number_format.precision]
        bases = [quarters / 4 for quarters in fits if abs(quarters / 4) ** exponent <= number_format.largest]
        powers = torch.tensor(bases, dtype=torch_dtype, device=device) ** exponent
        # Exact in float64 too: at most 53 significant bits. Results below the format's range do not count.
        exact &= all(
            power == base**exponent
            for power, base in zip(powers.tolist(), bases, strict=True)
            if number_format.contains(np.array(base**exponent))
        )
    smallest = torch.tensor(number_format.smallest_normal, dtype=torch_dtype, device=device)
    return DeviceArithmetic(exact, (smallest / 2).item() == 0)
