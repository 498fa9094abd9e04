"""Whether known issues say what their reproducers answered on each release, and tox installs these very releases."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from configparser import RawConfigParser

from oracle.known_issue import KnownIssue
from tests.gate.release_table import ANSWERS, Column, command
from tests.gate.reproducers import BROKEN, MENDED, WRONG


def is_verified(issue: KnownIssue, column: Column) -> bool:
    """Whether what came on a release is what ``issue`` says of it: wrong somewhere within its versions, else nowhere.

    Where nothing could be shown of it, nothing is verified.
    """
    came = column.concerned(issue)
    if issue.concerns(column.torch):
        return WRONG in came
    return MENDED in came and WRONG not in came and BROKEN not in came


def disagreements(issues: Sequence[KnownIssue], columns: Mapping[str, Column]) -> list[str]:
    """Where ``issues`` and what came on each release disagree: what to change, each in one line."""
    return [
        f"{issue.name}: {line}"
        for issue in issues
        for line in (
            *(line for release, column in columns.items() for line in _disagreements(issue, release, column)),
            *_never_run(issue, columns),
        )
    ]


def _disagreements(issue: KnownIssue, release: str, column: Column) -> Iterator[str]:
    came = {status: ", ".join(targets) for status, targets in column.concerned(issue).items()}
    concerned = issue.concerns(column.torch)
    versions = f"its versions, {issue.versions!r}"
    if BROKEN in came:
        yield f"its reproducer is broken in {release} at {came[BROKEN]}: mend it"
    elif WRONG in came and not concerned:
        yield f"wrong in {release} at {came[WRONG]}, outside {versions}: widen them"
    elif MENDED in came and concerned:
        change = "narrow its targets" if WRONG in came else "bound them"
        yield f"right in {release} at {came[MENDED]}, within {versions}: {change}"
    elif is_verified(issue, column) and release not in issue.verified:
        yield f"add {release!r} to its verified"
    elif release in issue.verified and not is_verified(issue, column):
        yield f"take {release!r} out of its verified: nothing of it was shown there"


def _never_run(issue: KnownIssue, columns: Mapping[str, Column]) -> Iterator[str]:
    for release in issue.verified:
        if release not in columns:
            yield f"take {release!r} out of its verified, or run '{command(release)}', since it has no column"


def tox_disagreements(text: str, releases: Collection[str]) -> list[str]:
    """Where ``text``, that of tox.ini, and the ``releases`` of the table disagree: what to change, each in one line."""
    parser = RawConfigParser()
    parser.read_string(text)
    required = parser["testenv"]["deps"]
    installed: dict[str, str] = dict(re.findall(r"^(t\d+): torch==(\d+\.\d+)\.\*$", required, re.MULTILINE))
    lines = [
        f"tox.ini: {factor} installs torch {release}, of which docs/{ANSWERS} has no column: run '{command(release)}'"
        for factor, release in installed.items()
        if release not in releases
    ]
    lines += [
        f"docs/{ANSWERS}: tox.ini has no factor for torch {release}, which has a column: add one"
        for release in releases
        if release not in installed.values()
    ]
    lines += [
        f"tox.ini: call {factor}, which installs torch {release}, t{release.replace('.', '')}"
        for factor, release in installed.items()
        if factor != f"t{release.replace('.', '')}"
    ]
    # Every list of factors names them all: those of environments, and that of the release without a factor.
    for place in (*parser.sections(), *re.findall(r"^!.*$", required, re.MULTILINE)):
        listed = re.findall(r"\bt\d+\b", place)
        if listed and listed != list(installed):
            lines.append(f"tox.ini: name {', '.join(installed)} in {place!r}")
    return lines
