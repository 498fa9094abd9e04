"""What devices there are."""

from __future__ import annotations

from functools import cache

import torch

from oracle.target import CPU, Target


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


@cache
def has_storage(device: str) -> bool:
    """Whether tensors on ``device`` have storages that torch can name, share and read; not every backend has."""
    try:
        storage = torch.ones(1, device=device).untyped_storage()
        storage.data_ptr()
        torch.empty(0, dtype=torch.uint8, device=device).set_(storage).cpu()
    except RuntimeError:  # NotImplementedError is one
        return False
    return True


def float64_target(target: Target) -> Target:
    """``target`` if its device has float64, else the CPU: finite differences are taken in float64."""
    return target if has_dtype(target.device, "float64") else CPU
