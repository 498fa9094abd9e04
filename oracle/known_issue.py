"""One known wrong answer of PyTorch: what, where and since when; the head of ``known_issues.toml`` describes fields."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from oracle.arithmetic import Accumulation
from oracle.known_operands import Arguments, Operands, applied_operands
from oracle.known_regions import APPLICATIONS, REGIONS
from oracle.program import Program
from oracle.target import Target

Kind = Literal["wrong", "inaccurate", "raises", "crashes"]


@dataclass(frozen=True)
class KnownIssue:
    """One entry of a list; the head of the suite's own says what each field means.

    Attributes:
        file: the list of a user that it is from; None of the suite's own.
    """

    name: str
    kind: Kind
    reason: str
    versions: str = ""
    verified: tuple[str, ...] = ()
    link: str = "unreported"
    reproducer: str = ""
    targets: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    application: str = ""
    range: bool = False
    magnitudes: tuple[tuple[float, float], ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict, hash=False)
    raises: str = ""
    kept_in_dtype: str = ""
    fact: str = ""
    laws: tuple[str, ...] = ()
    where: str = ""
    expires: datetime.date | None = None
    file: Path | None = None

    def excuses(self, law: str, program: Program) -> bool:
        """Whether ``law`` must not be asked of ``program``, as the issue breaks it."""
        return self.file is None and law in self.laws and REGIONS[self.where](program)

    def explains(self, error: Exception, program: Program) -> bool:
        """Whether ``error``, which PyTorch raised instead of an answer to ``program``, is the one of this issue."""
        return self.file is None and bool(self.raises) and self.raises in str(error) and self.is_in(program)

    def waives(self, kind: str, said: str, program: Program) -> bool:
        """Whether a user's list says that ``program`` gets an answer that is wrong in this way.

        ``kind`` is the one of a finding, and ``said`` the name of its law or the text of its exception. An entry of
        kind "raises" waives exceptions; any other what is wrong, inaccurate or breaks a law, and one with ``laws``
        these alone.
        """
        if self.file is None or self._claims_less or (self.kind == "raises") != (kind == "raises"):
            return False
        if self.laws and (kind != "law" or said not in self.laws):
            return False
        return self.raises in said and self.is_met_by(program)

    def is_met_by(self, program: Program) -> bool:
        """Whether ``program`` is in the region: as ``where`` or operations tell; without them every program is."""
        if self.where:
            return REGIONS[self.where](program)
        return self.is_in(program) if self.operations else True

    def is_in(self, program: Program) -> bool:
        """Whether an application in ``program`` is in the region."""
        if not any(self.concerns_operation(each.operation, program.dtype) for each in program.applications):
            return False
        return any(
            self.concerns_operation(each.operation, program.dtype) and self._contains(each.arguments, operands)
            for each, operands in applied_operands(program)
        )

    def loses(self, operation: str, dtype: str, kept: Accumulation | None) -> bool:
        """Whether sums of that kind lose terms in ``operation``, because they are ``kept`` in the dtype."""
        named = kept is not None and self.kept_in_dtype == kept.name
        return named and self.concerns_operation(operation, dtype)

    def names(self, fact: str, dtype: str) -> bool:
        """Whether it says that devices do what ``fact`` of their arithmetic in ``dtype`` says."""
        return self.fact == fact and dtype in self.dtypes

    def concerns_operation(self, operation: str, dtype: str) -> bool:
        """Whether ``operation`` is among its operations, and ``dtype`` among its dtypes, if it names any."""
        return operation in self.operations and (not self.dtypes or dtype in self.dtypes)

    @property
    def _claims_less(self) -> bool:
        """Whether its region is drawn, and less is claimed of single elements, sums or facts there."""
        return bool(self.range or self.magnitudes or self.kept_in_dtype or self.fact)

    def is_of_any(self, operations: Collection[str]) -> bool:
        """Whether one of ``operations`` is among its own, or it names none."""
        return not self.operations or not set(self.operations).isdisjoint(operations)

    @property
    def is_drawn(self) -> bool:
        """Whether its region is drawn all the same: only what is wrong is left out of what is claimed, or waived."""
        waives = self.file is not None and self.kind != "crashes"
        return waives or self._claims_less or bool(self.raises or self.laws)

    @property
    def is_everywhere(self) -> bool:
        """Whether its region is every application of its operations."""
        return not self.arguments and not self.application

    def covers(self, operation: str, arguments: Arguments, dtype: str, operands: Operands) -> bool:
        """Whether ``operation`` applied to ``operands`` is in the region, and must not be drawn."""
        return not self.is_drawn and self.concerns_operation(operation, dtype) and self._contains(arguments, operands)

    def _contains(self, arguments: Arguments, operands: Operands) -> bool:
        region = {name: tuple(value) if isinstance(value, list) else value for name, value in self.arguments.items()}
        named = all(name in arguments and arguments[name] == value for name, value in region.items())
        return named and (not self.application or APPLICATIONS[self.application](arguments, operands))

    def concerns(self, torch_version: str) -> bool:
        """Whether the issue is known of that version of PyTorch, development builds included."""
        return SpecifierSet(self.versions).contains(torch_version, prereleases=True)

    def predates(self, torch_version: str) -> bool:
        """Whether that version of PyTorch is newer than every release on which the entry was verified, if any."""
        release = Version(minor_release(torch_version))
        return all(Version(each) < release for each in self.verified)

    def is_at(self, target: Target) -> bool:
        """Whether ``target`` is within one of its targets, if it names any."""
        return not self.targets or any(target.is_within(Target.parse(each)) for each in self.targets)


def minor_release(torch_version: str) -> str:
    """The minor release that a version of PyTorch belongs to, or leads to: 2.13 for 2.13.1+cpu and 2.13.0a0+git1234."""
    version = Version(torch_version)
    return f"{version.major}.{version.minor}"
