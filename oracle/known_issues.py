"""The known wrong gradients of PyTorch: read from ``known_issues.toml``, whose head states the rules."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cattrs import structure
from packaging.specifiers import SpecifierSet

from oracle.program import Argument

PATH = Path(__file__).with_name("known_issues.toml")


@dataclass(frozen=True)
class KnownIssue:
    """One entry of the file; its head says what each field means."""

    name: str
    operations: tuple[str, ...]
    arguments: dict[str, Any]
    versions: str
    reason: str
    link: str
    reproducer: str

    def covers(self, operation: str, arguments: dict[str, Argument]) -> bool:
        """Whether ``operation`` with ``arguments`` is in the region of this issue."""
        region = {name: tuple(value) if isinstance(value, list) else value for name, value in self.arguments.items()}
        return operation in self.operations and all(
            name in arguments and arguments[name] == value for name, value in region.items()
        )

    def concerns(self, torch_version: str) -> bool:
        """Whether the issue is known of that version of PyTorch, development builds included."""
        return SpecifierSet(self.versions).contains(torch_version, prereleases=True)


@cache
def known_issues() -> tuple[KnownIssue, ...]:
    """Every entry of the file.

    Raises:
        cattrs.ClassValidationError: if an entry lacks a field or has one of a wrong kind.
    """
    return structure(tomllib.loads(PATH.read_text(encoding="utf-8"))["issue"], tuple[KnownIssue, ...])


@cache
def present_issues(torch_version: str) -> tuple[KnownIssue, ...]:
    """The entries that concern ``torch_version``."""
    return tuple(issue for issue in known_issues() if issue.concerns(torch_version))
