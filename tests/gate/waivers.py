"""Lists of known issues of the user's own: taken from ``--known-issues``, and what came of them."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Iterable
from typing import Any

import pytest
import torch
from rich import box
from rich.table import Table

from oracle.issue_lists import BrokenList, expiry, read_list
from oracle.known_issue import KnownIssue
from oracle.known_issues import known_issues
from oracle.target import Target
from tests.gate.record import Record


def chosen_waivers(config: pytest.Config) -> list[KnownIssue]:
    """The entries of the lists that ``--known-issues`` names.

    Raises:
        pytest.UsageError: if a list is broken, or one of its entries matches nothing or has expired.
    """
    found: list[KnownIssue] = []
    for text in dict.fromkeys(config.getoption("--known-issues")):
        try:
            entries = read_list(config.invocation_params.dir / text)
        except BrokenList as error:
            raise pytest.UsageError(f"--known-issues {text}: {error}") from None
        taken = {each.name for each in (*known_issues(), *found)}
        for issue in entries:
            complaint = _complaint(issue, taken)
            if complaint is not None:
                raise pytest.UsageError(f"--known-issues {text}: {complaint}")
        found += entries
    return found


def _complaint(issue: KnownIssue, taken: set[str]) -> str | None:
    """What is wrong with ``issue`` today and beside other lists, whose names are ``taken``."""
    if issue.name in taken:
        return f"entry {issue.name}: another list has an entry of that name; rename it"
    if (expired := expiry(issue, datetime.date.today())) is not None:
        return expired
    releases = {release for each in known_issues() for release in each.verified}
    if not any(issue.concerns(version) for version in (str(torch.__version__), *releases)):
        return (
            f"entry {issue.name}: no release that can be judged has versions = {issue.versions!r}; it matches nothing"
        )
    return None


def is_in_scope(issue: KnownIssue, cases: Iterable[tuple[str, str]]) -> bool:
    """Whether ``issue`` says anything of one of the ``cases``, pairs of target and dtype, of the PyTorch installed."""
    return issue.concerns(str(torch.__version__)) and any(
        issue.is_at(Target.parse(target)) and (not issue.dtypes or dtype in issue.dtypes) for target, dtype in cases
    )


def counted(records: Iterable[Record], what: str) -> dict[str, int]:
    """How many programs each entry ``met``, or findings it ``waived``, by name."""
    counts: dict[str, int] = {}
    for record in records:
        for name, count in getattr(record, what).items():
            counts[name] = counts.get(name, 0) + count
    return counts


def waiver_table(waivers: Iterable[KnownIssue], records: list[Record], width: int) -> Table:
    """A row for each entry: how many findings it waived, how many programs were in its region, and its reason."""
    met, waived = counted(records, "met"), counted(records, "waived")
    cases = {(record.device, record.dtype) for record in records}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("entry", no_wrap=True)
    table.add_column("findings", justify="right")
    table.add_column("of programs\nin its region", justify="right")
    table.add_column("reason", overflow="fold")
    for issue in waivers:
        reason = textwrap.shorten(issue.reason, 4 * width, placeholder=" …")
        counts = [f"{met_or_waived.get(issue.name, 0):,}" for met_or_waived in (waived, met)]
        if issue.kind == "crashes":
            counts = ["not drawn", "-"]
        if not is_in_scope(issue, cases):
            counts = ["-", "not judged here"]
        table.add_row("\n".join(textwrap.wrap(issue.name, 30)), *counts, reason)
    return table


def waiver_content(issue: KnownIssue, cases: Iterable[tuple[str, str]], records: list[Record]) -> dict[str, Any]:
    """What ``gate.json`` says of an entry because it is from a user's list, or that it is from none."""
    if issue.file is None:
        return {"list": None}
    return {
        # Where the list lies differs between machines, what it is called does not.
        "list": issue.file.name,
        "expires": None if issue.expires is None else str(issue.expires),
        "in_scope": is_in_scope(issue, cases),
        "met": counted(records, "met").get(issue.name, 0),
        "waived": counted(records, "waived").get(issue.name, 0),
    }
