"""Which code paths a machine has: each is tried, in a process of its own.

``python -m tests.paths.trial TARGET`` prints what came of it, as a line of JSON.
"""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from oracle.target import Target
from tests.paths.processes import path_process

SIZE = 256
"""From products of this size on, PyTorch may compute float32 in a coarser format."""


@dataclass(frozen=True)
class Trial:
    """What came of trying a target.

    Attributes:
        ended: how the process ended, if it did not end well.
        not_taken: the setting that PyTorch does not take.
        onednn, mkl: whether this PyTorch has these libraries.
        instructions: those that oneDNN says it uses.
        product: a digest of a product of float32 matrices.
    """

    ended: str = ""
    not_taken: str | None = None
    onednn: bool = False
    mkl: bool = False
    instructions: str = ""
    product: str = ""


def tried(target: Target) -> Trial:
    """What comes of ``target`` in a process of its own."""
    finished = path_process(target, "-m", "tests.paths.trial", str(target), variables={"ONEDNN_VERBOSE": "1"})
    if finished.returncode:
        return Trial(ended=ended(finished))
    lines = finished.stdout.splitlines()
    content = json.loads(next(line for line in lines if line.startswith("{")))
    said = [line.partition("isa:")[2] for line in lines if line.startswith("onednn_verbose") and "isa:" in line]
    return Trial(instructions=said[0] if said else "", **content)


def ended(finished: subprocess.CompletedProcess[str]) -> str:
    """How a process that failed ended, in a few words."""
    if finished.returncode < 0:
        return f"killed by {signal.Signals(-finished.returncode).name}"
    lines = (finished.stdout + finished.stderr).strip().splitlines()
    return f"exit status {finished.returncode}: {lines[-1] if lines else 'nothing was said'}"


def absence(target: Target, trial: Trial, base: Trial) -> str | None:
    """Why this machine lacks ``target``, after its ``trial`` and that of the ``base``; None if it has it."""
    settings = dict(target.settings)
    if trial.ended or trial.not_taken:
        return trial.ended or trial.not_taken
    if ("onednn" in settings or "isa" in settings) and not trial.onednn:
        return "this PyTorch has no oneDNN"
    if "mkl" in settings and not trial.mkl:
        return "this PyTorch has no MKL"
    if settings.get("products", "float32") != "float32" and trial.product == base.product:
        return f"products of float32 matrices of {SIZE}×{SIZE} are the same"
    return None


def remark(target: Target, trial: Trial, base: Trial) -> str:
    """What else is to be known of ``target``: that a limit changes nothing."""
    if "isa" in dict(target.settings) and trial.instructions == base.instructions:
        return f"as without the limit: {trial.instructions or 'oneDNN does not say what it uses'}"
    return ""


def main(text: str) -> None:
    """Try the target that ``text`` names in this process."""
    import torch

    target = Target.parse(text)
    not_taken = target.not_taken()
    generator = torch.Generator().manual_seed(1)
    left, right = (torch.rand(SIZE, SIZE, generator=generator) for _ in range(2))
    with target.applied():
        # The first primitive makes oneDNN say what it uses; PyTorch has no other use for it in so small a function.
        torch.nn.functional.gelu(torch.ones(64, 64))
        product = left @ right
    content: dict[str, Any] = {
        "not_taken": not_taken,
        "onednn": torch.backends.mkldnn.is_available(),
        "mkl": torch.backends.mkl.is_available(),
        "product": hashlib.sha256(product.numpy().tobytes()).hexdigest()[:16],
    }
    print(json.dumps(content), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
