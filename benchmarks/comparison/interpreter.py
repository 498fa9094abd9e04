"""A worker in another interpreter, and the questions that it is asked."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oracle.verdict import Raised

ROOT = Path(__file__).parents[2]


class Unusable(Exception):
    """An interpreter cannot be used, and why, in one line."""


class NoGradients(Exception):
    """The torch of an interpreter raised instead of giving gradients."""

    def __init__(self, python: str, raised: Raised) -> None:
        super().__init__(f"{python}: its torch raised {raised.error}")
        self.raised = raised


class Interpreter:
    """A worker process of one Python.

    Raises:
        Unusable: if there is no such program, or it is no Python with torch.
    """

    def __init__(self, python: str, threads: int = 1) -> None:
        path = shutil.which(python)
        if path is None:
            raise Unusable(f"{python}: no such program; give the path of a Python that has torch")
        environment = os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
        # Its own packages are wanted, not those of the environment that this process runs in.
        environment.pop("VIRTUAL_ENV", None)
        environment.pop("PYTHONHOME", None)
        self._process = subprocess.Popen(
            [path, "-m", "benchmarks.comparison.worker"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.python = python
        self.about: dict[str, str] = self._ask("hello")

    def _ask(self, do: str, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            raise Unusable(f"{self.python}: {self._last_words()}") from None

    def _last_words(self) -> str:
        self._process.kill()
        _, words = self._process.communicate()
        if "No module named 'torch'" in words:
            return "has no torch; install the PyTorch that is to be compared there"
        lines = words.strip().splitlines()
        return f"the worker stopped ({lines[-1] if lines else 'it said nothing'})"

    def flushes_subnormals(self, dtype: str, device: str) -> bool:
        """Whether its torch flushes subnormal numbers of ``dtype`` on ``device`` to 0."""
        return bool(self._ask("flushes_subnormals", dtype=dtype, device=device))

    def prepare(self, name: str, source: str, device: str) -> tuple[dict[str, int], list[NDArray[np.float64] | None]]:
        """The counts and the gradients (flat, float64) of the program that ``source`` defines.

        Raises:
            NoGradients: if its torch raises instead.
        """
        answer = self._ask("prepare", name=name, source=source, device=device)
        if "error" in answer:
            raise NoGradients(self.python, Raised(answer["error"], answer["moment"]))
        gradients = [
            None if text is None else np.frombuffer(base64.b64decode(text), np.float64) for text in answer["gradients"]
        ]
        return answer["counts"], gradients

    def calibrate(self, name: str, timed: str, seconds: float) -> int:
        """How many calls take ``seconds``, after a warm-up."""
        return int(self._ask("calibrate", name=name, timed=timed, seconds=seconds))

    def time(self, name: str, timed: str, calls: int) -> float:
        """Seconds of ``calls`` calls."""
        return float(self._ask("time", name=name, timed=timed, calls=calls))

    def forget(self, name: str) -> None:
        """Free what was prepared."""
        self._ask("forget", name=name)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()

    def __enter__(self) -> Interpreter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
