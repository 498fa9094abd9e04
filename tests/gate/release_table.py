"""The table of known issues and releases of PyTorch: what each reproducer answered there, as JSON and as a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cattrs import BaseValidationError, structure, transform_error
from packaging.version import Version

from oracle.known_issue import KnownIssue, minor_release
from oracle.target import Target
from tests.gate.reproducers import MENDED
from tests.gate.whole_files import write_whole_texts

SCHEMA_VERSION = 1
FOLDER = Path(__file__).parents[2] / "docs"
ANSWERS, PAGE = "known-issues.json", "known-issues.md"
"""The two files of that folder."""

ABSENT = "–"
"""Where a reproducer was not run."""


class BrokenTable(Exception):
    """The answers cannot be read, and why, in one line."""


@dataclass(frozen=True)
class Told:
    """What a reproducer answered: a status of ``reproducers``, and its last line."""

    status: str
    said: str


@dataclass(frozen=True)
class Column:
    """What came on one release.

    Attributes:
        torch: the whole version.
        date: as in 2026-11-23.
        processor: as ``processor.processor`` names it.
        answers: by entry, then by target.
    """

    torch: str
    date: str
    processor: str
    answers: dict[str, dict[str, Told]]

    def concerned(self, issue: KnownIssue) -> dict[str, list[str]]:
        """The targets at which ``issue`` was asked and that it concerns, by status; that of the first comes first."""
        found: dict[str, list[str]] = {}
        for target, told in self.answers.get(issue.name, {}).items():
            if issue.is_at(Target.parse(target)):
                found.setdefault(told.status, []).append(target)
        return found

    @property
    def targets(self) -> list[str]:
        """Those at which anything was asked."""
        return list(dict.fromkeys(target for by_target in self.answers.values() for target in by_target))


@dataclass(frozen=True)
class _File:
    schema_version: int
    releases: dict[str, Column]


def read(path: Path) -> dict[str, Column]:
    """The columns of the file at ``path``, by minor release, the oldest first; none if there is no file.

    Raises:
        BrokenTable: if it holds anything else, or cannot be read.
    """
    try:
        content = structure(json.loads(path.read_text(encoding="utf-8")), _File)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BrokenTable(f"{path}: cannot be read ({error.strerror})") from None
    except BaseValidationError as error:
        complaint = " ".join(transform_error(error, path="it")[0].split())
        raise BrokenTable(f"{path}: not what 'python -m tests.gate.releases' writes ({complaint})") from None
    except ValueError as error:
        raise BrokenTable(f"{path}: broken JSON ({error})") from None
    if content.schema_version != SCHEMA_VERSION:
        raise BrokenTable(f"{path}: has schema_version {content.schema_version}, and {SCHEMA_VERSION} is read here")
    for release, column in content.releases.items():
        try:
            if minor_release(column.torch) != release:
                raise ValueError(f"torch {column.torch} belongs in the column {minor_release(column.torch)}")
            for target in column.targets:
                Target.parse(target)
        except ValueError as error:
            raise BrokenTable(f"{path}: column {release!r}: {error}") from None
    return _in_order(content.releases)


def write(folder: Path, issues: Sequence[KnownIssue], columns: Mapping[str, Column]) -> None:
    """Write both files, whole or not at all; answers of others than ``issues`` are left out.

    Raises:
        OSError: if one cannot be written.
    """
    names = {issue.name for issue in issues}
    kept = {
        release: replace(column, answers={name: told for name, told in column.answers.items() if name in names})
        for release, column in _in_order(columns).items()
    }
    answers = json.dumps(asdict(_File(SCHEMA_VERSION, kept)), indent=1, ensure_ascii=False) + "\n"
    write_whole_texts({folder / ANSWERS: answers, folder / PAGE: page(issues, columns)})


def _in_order(columns: Mapping[str, Column]) -> dict[str, Column]:
    return {release: columns[release] for release in sorted(columns, key=Version)}


def cell(issue: KnownIssue, column: Column) -> str:
    """What ``issue`` was on a release, where it concerns the target: the first answer, and where others differ."""
    (first, *others) = column.concerned(issue).items() or [(ABSENT, [])]
    return "; ".join([_word(first[0]), *(f"{_word(status)} at {', '.join(targets)}" for status, targets in others)])


def _word(status: str) -> str:
    # A release may be right because it never was wrong.
    return "right" if status == MENDED else status


def page(issues: Sequence[KnownIssue], columns: Mapping[str, Column]) -> str:
    """The page in Markdown."""
    columns = _in_order(columns)
    head = ("entry", "kind", "reported", *columns, "verified")
    rows = [
        (
            issue.name,
            issue.kind,
            link(issue),
            *(cell(issue, column) for column in columns.values()),
            ", ".join(issue.verified) or ABSENT,
        )
        for issue in issues
    ]
    made = [
        (release, column.torch, column.processor, column.date, ", ".join(column.targets), f"`{command(release)}`")
        for release, column in columns.items()
    ]
    made_head = ("release", "torch", "processor", "date", "targets", "command")
    return f"{_HEAD}\n{_table(head, rows)}\n\n{_MADE}\n{_table(made_head, made)}\n\n{_AGAIN}"


def command(release: str) -> str:
    """What makes the column of ``release``."""
    return f"python -m tox run -e known-issues-t{release.replace('.', '')}"


def link(issue: KnownIssue) -> str:
    """Where ``issue`` is reported, in Markdown, by repository and number."""
    if not issue.link.startswith("https://"):
        return issue.link
    return f"[{issue.link.removeprefix('https://github.com/').replace('/issues/', '#')}]({issue.link})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(text.replace('|', chr(92) + '|') for text in line)} |" for line in lines)


_HEAD = """\
# Known issues of PyTorch, release by release

Each row is an entry of [`oracle/known_issues.toml`](../oracle/known_issues.toml), which says what is wrong and where.
Each entry has a reproducer, a short script that needs only torch. It was run on every release below, at several targets
(code paths of the processor), and this is what it answered:

- **wrong**: the fault is there.
- **right**: it is not; this release never had it, or has mended it.
- **cannot be shown**: the answer is right, but what runs here is not what is known to be wrong. Most often the
  processor lacks the instructions that the faulty kernel needs.
- **broken**: the script ended in an error, which tells nothing.
- **–**: it was not run.

An entry is judged at the targets that it names, or at all if it names none. The first answer is that of the first of
them, mostly `cpu`, the processor as it is; where others answer otherwise they are named. What was answered elsewhere,
and what each script printed last, is in [`known-issues.json`](known-issues.json).

*Verified* are the releases on which the answers are as the entry's `versions` say: wrong at some target within its
versions, and nowhere wrong outside of them. Where nothing could be shown, nothing is verified. On these releases the
gate is red if an entry is mended; on newer ones that is good news in its summary.
"""

_MADE = """\
## How it was made

Nothing here is written by hand. `python -m tests.gate.releases` runs every reproducer with the torch of the environment
that it is run in, replaces the column of that release and writes both files; `--targets` names other targets. It says
what to change where an entry does not agree with what came. tox has an environment for each release, whose commands
make the columns:
"""

_AGAIN = """\
`python -m tests.gate.releases --render` runs nothing, and writes this page from known-issues.json after an entry was
changed.
"""
