"""What runs in each of two interpreters: it prepares programs and times their passes when it is asked to.

Nothing but torch and the standard library is imported, whatever else the interpreter lacks. Requests come as lines of
JSON on standard input, and one line answers each.
"""

from __future__ import annotations

import array
import base64
import contextlib
import gc
import json
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from benchmarks.structure import structure

WARM_UP_SECONDS = 0.02


class Worker:
    """Prepared programs by name, each with the passes that can be timed."""

    def __init__(self) -> None:
        self.passes: dict[str, dict[str, Callable[[], object]]] = {}

    def hello(self) -> dict[str, Any]:
        """Which PyTorch this is."""
        return {"torch": torch.__version__, "git": torch.version.git_version, "python": sys.version.split()[0]}

    def flushes_subnormals(self, dtype: str, device: str) -> bool:
        """Whether halving the smallest normal number gives 0."""
        number_format = getattr(torch, dtype)
        smallest = torch.tensor(torch.finfo(number_format).smallest_normal, dtype=number_format, device=device)
        return bool((smallest / 2).item() == 0)

    def prepare(self, name: str, source: str, device: str) -> dict[str, Any]:
        """Build the program that ``source`` defines, and return its counts and gradients.

        Gradients are the bytes of float64 numbers, in row-major order, in base 64; None where there is none. What torch
        raises instead is returned as its ``error``, and at which ``moment``: when it was ``asked``, or its answer read.
        """
        moment = "asked"
        try:
            counts, gradients = self._prepared(name, source, device)
            moment = "read"
            return {"counts": counts, "gradients": [None if each is None else _text(each) for each in gradients]}
        except Exception as error:  # whatever it is, the other side calls it a wrong gradient
            return {"error": f"{type(error).__name__}: {error}", "moment": moment}

    def _prepared(self, name: str, source: str, device: str) -> tuple[dict[str, Any], tuple[torch.Tensor | None, ...]]:
        defined: dict[str, Any] = {"torch": torch, "math": math, "device": device}
        exec(source, defined)  # written by the comparison that started this process
        function, inputs, cotangents = defined["program"], defined["inputs"](), defined["cotangents"]()
        counts = structure(function, inputs, cotangents)
        wanted = [each for each in inputs if each.requires_grad]
        kept = function(*inputs)

        def backward() -> object:
            return torch.autograd.grad(kept, wanted, cotangents, retain_graph=True, allow_unused=True)

        self.passes[name] = {"forward": lambda: function(*inputs), "backward": backward}
        gradients = torch.autograd.grad(function(*inputs), wanted, cotangents, allow_unused=True)
        return asdict(counts), gradients

    def calibrate(self, name: str, timed: str, seconds: float) -> int:
        """Warm up, and return how many calls take ``seconds``."""
        work = self.passes[name][timed]
        end = time.perf_counter() + WARM_UP_SECONDS
        while time.perf_counter() < end:
            work()
        calls = 1
        while (taken := self.time(name, timed, calls)) < seconds / 2:
            calls = calls * 2
        return max(1, round(calls * seconds / taken))

    def time(self, name: str, timed: str, calls: int) -> float:
        """Seconds of ``calls`` calls."""
        work = self.passes[name][timed]
        gc.disable()
        _wait()
        start = time.perf_counter()
        for _ in range(calls):
            work()
        _wait()
        taken = time.perf_counter() - start
        gc.enable()
        return taken

    def forget(self, name: str) -> None:
        """Free what was prepared."""
        del self.passes[name]


def _wait() -> None:
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()


def _text(gradient: torch.Tensor) -> str:
    # Not by NumPy, which torch does without.
    return base64.b64encode(array.array("d", gradient.detach().double().flatten().tolist())).decode()


def main() -> None:
    """Answer requests until there are no more."""
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    with contextlib.suppress(AttributeError, OSError):
        # Both workers run on one core, the last that is allowed: they never run at the same time.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    worker = Worker()
    # What a program prints must not be taken for an answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        asked = json.loads(line)
        answer = getattr(worker, asked.pop("do"))(**asked)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
