"""What the gate.json of one machine says that may be otherwise on another.

Like ``processors``, this imports nothing but Python's own modules: reports are compared where no PyTorch is installed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class BrokenReport(Exception):
    """A file that is no gate.json, and why, in one line."""


class Answer(NamedTuple):
    """What the reproducer of a known issue showed, in a word or two, and the last line that it printed."""

    status: str
    said: str


class Waived(NamedTuple):
    """What an entry of a user's list waived.

    Attributes:
        reason: why, as the list says.
        file: the name of the list.
        findings: how often something wrong was waived.
        programs: how many programs were in its region.
    """

    reason: str
    file: str
    findings: int
    programs: int


class Lossy(NamedTuple):
    """Sums that lose terms: which known issue says so, and where it showed; ``device`` is a target, as text."""

    issue: str
    operation: str
    quantity: str
    device: str
    dtype: str


@dataclass(frozen=True)
class Machine:
    """One gate.json.

    Attributes:
        name: what tells it from the others; a folder as a rule, and so the label of a runner.
        processor, system, torch, verdict: in words; ``verdict`` is ``green``, ``red`` or ``unfinished``.
        targets: what was judged.
        chosen: how many operations could have been judged.
        judged: how many of them were.
        comparisons: everything that was compared.
        seconds: the time that all properties took.
        facts: what was measured of the arithmetic, by ``target dtype``, then by name.
        answers: by known issue and target.
        findings: messages by identifier, which is the same for the same program and place.
        losses: how many times too small the worst sum came; infinite where 0 came.
        waived: by the name of the entry, of those that say something of what was judged.
    """

    name: str
    processor: str
    system: str
    torch: str
    verdict: str
    targets: tuple[str, ...]
    chosen: int
    judged: int
    comparisons: int
    seconds: float
    facts: dict[str, dict[str, Any]]
    answers: dict[tuple[str, str], Answer]
    findings: dict[str, str]
    losses: dict[Lossy, float]
    waived: dict[str, Waived]


def read(paths: Sequence[Path]) -> list[Machine]:
    """The machines whose reports ``paths`` are, each under a name of its own.

    Raises:
        BrokenReport: if one of them cannot be read, or is something else.
    """
    return [_machine(name, path) for name, path in zip(_names(paths), paths, strict=True)]


def _names(paths: Sequence[Path]) -> list[str]:
    """The folders of ``paths`` without the parts that all have in common; the last part if there is but one path."""
    folders = [path.absolute().parent.parts for path in paths]
    if len(folders) == 1:
        return [folders[0][-1]]
    front = _common(folders)
    back = _common([folder[front:][::-1] for folder in folders])
    return ["/".join(folder[front : len(folder) - back]) or "." for folder in folders]


def _common(parts: Sequence[tuple[str, ...]]) -> int:
    """How many of the first parts are the same in all."""
    same = [len(set(each)) == 1 for each in zip(*parts, strict=False)]
    return same.index(False) if False in same else len(same)


def _machine(name: str, path: Path) -> Machine:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BrokenReport(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise BrokenReport(f"{path}: broken JSON ({error})") from None
    try:
        return _structured(name, data)
    except KeyError as error:
        raise BrokenReport(f"{path}: not what the gate writes (there is no {error})") from None
    except (AttributeError, TypeError, ValueError):
        raise BrokenReport(f"{path}: not what the gate writes") from None


def _structured(name: str, data: dict[str, Any]) -> Machine:
    properties, operations, issues = data["properties"], data["operations"], data["known_issues"]
    return Machine(
        name=name,
        # Reports did not always say what the processor is; where they do not, the system is named for it.
        processor=str(data.get("processor") or data["machine"]),
        system=str(data["machine"]),
        torch=str(data["torch"]),
        verdict=str(data["verdict"]),
        targets=tuple(map(str, data["devices"])),
        chosen=len(data.get("operations_chosen") or operations),
        judged=sum(any(case["judged"] for case in by_case.values()) for by_case in operations.values()),
        comparisons=int(data["totals"]["comparisons"]),
        seconds=sum(float(each["seconds"]) for each in properties),
        facts={case: dict(facts) for case, facts in data["facts"].items()},
        answers={
            (issue["name"], target): Answer(str(answer["status"]), str(answer["said"]))
            for issue in issues
            for target, answer in issue["answers"].items()
        },
        findings={each["identifier"]: str(each["message"]) for each in data["findings"]},
        losses={
            Lossy(*(str(each[field]) for field in Lossy._fields)): _times(each["factor"]) for each in data["losses"]
        },
        waived={
            each["name"]: Waived(str(each["reason"]), str(each["list"]), int(each["waived"]), int(each["met"]))
            for each in issues
            # None of the suite's own, which are no waivers.
            if each.get("list") is not None and each["in_scope"]
        },
    )


def _times(factor: float | None) -> float:
    return math.inf if factor is None else float(factor)
