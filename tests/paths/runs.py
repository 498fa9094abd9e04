"""Runs of the gate: one that draws programs and stores them, and one for each code path that judges them again."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oracle.target import CPU, Target
from tests.gate.store import NoStore, Store
from tests.paths.processes import path_process
from tests.paths.trial import ended


@dataclass(frozen=True)
class Run:
    """What came of one run.

    Attributes:
        target: where.
        seconds: how long it took.
        report: its ``gate.json``; empty if it left none.
        ended: how it ended, if it neither passed nor failed.
        remark: what else is to be known of the target.
    """

    target: Target
    seconds: float
    report: dict[str, Any]
    ended: str = ""
    remark: str = ""

    @property
    def is_green(self) -> bool:
        """Whether it ended well, and nothing was wrong."""
        return not self.ended and self.report.get("verdict") == "green"


@dataclass(frozen=True)
class Gate:
    """How the gate is run.

    Attributes:
        properties: files or names of tests, as pytest takes them.
        folder: where reports go, each run's into a folder of its own.
        plugins: modules that pytest imports first.
        lists: the user's lists of known issues.
    """

    properties: tuple[str, ...]
    folder: Path
    plugins: tuple[str, ...] = ()
    lists: tuple[Path, ...] = ()

    @property
    def store(self) -> Path:
        """The file with the programs."""
        return self.folder / "programs.db"

    def draw(self, *options: str) -> Run:
        """Draw programs with ``options``, judge them on the CPU as it is, and store them."""
        for path in self.folder.glob(f"{self.store.name}*"):
            path.unlink()
        return self._run(CPU, "drawn", "", "-m", "not unreplayed", f"--store={self.store}", *options)

    def programs(self) -> int:
        """How many programs are stored; 0 if there is no store."""
        try:
            store = Store(self.store)
        except NoStore:
            return 0
        with closing(store):
            return len(store)

    def judge(self, target: Target, remark: str) -> Run:
        """Judge the stored programs at ``target``."""
        name = str(target).translate(str.maketrans("/=,", "---"))
        return self._run(target, name, remark, f"--replay={self.store}")

    def _run(self, target: Target, name: str, remark: str, *options: str) -> Run:
        folder = self.folder / name
        report = folder / "gate.json"
        report.unlink(missing_ok=True)
        plugins = [part for plugin in self.plugins for part in ("-p", plugin)]
        lists = [f"--known-issues={each.absolute()}" for each in self.lists]
        chosen = [f"--device={target}", f"--reports={folder}", *lists, *options]
        start = time.monotonic()
        finished = path_process(target, "-m", "pytest", *plugins, *self.properties, *chosen)
        seconds = time.monotonic() - start
        content = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
        # pytest exits with 0 if all is right, and with 1 if something is wrong.
        badly = finished.returncode not in (0, 1) or not content
        return Run(target, seconds, content, ended(finished) if badly else "", remark)
