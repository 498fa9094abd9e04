"""Lists of known issues as files: what one says, or in a line what is wrong with it."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from cattrs import Converter, transform_error
from cattrs.errors import ClassValidationError
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from oracle.arithmetic import Accumulation, DeviceArithmetic
from oracle.known_issue import KnownIssue
from oracle.known_regions import APPLICATIONS, REGIONS
from oracle.laws import BOOKKEEPING, LINEARITY, TIES
from oracle.number_format import NUMBER_FORMATS
from oracle.operations import OPERATIONS
from oracle.target import Target


class BrokenList(ValueError):
    """A file that is no list of known issues; the text says why, in one line."""


_FIELDS = {each.name: each for each in fields(KnownIssue) if each.name != "file"}
_REQUIRED = [name for name, each in _FIELDS.items() if each.default is MISSING and each.default_factory is MISSING]

_CONVERTER = Converter(forbid_extra_keys=True)


def _as_text(value: Any, _: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _as_texts(value: Any, _: object) -> tuple[str, ...]:
    # A text is a sequence of texts too, for Python.
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError
    return tuple(value)


def _as_truth(value: Any, _: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _as_date(value: Any, _: object) -> datetime.date | None:
    # A time of day is a date too, for Python.
    if type(value) is not datetime.date:
        raise TypeError
    return value


# What TOML has a kind for is not converted from another one.
_CONVERTER.register_structure_hook(str, _as_text)
_CONVERTER.register_structure_hook(bool, _as_truth)
_CONVERTER.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _as_texts)
_CONVERTER.register_structure_hook_func(lambda kind: kind == (datetime.date | None), _as_date)


def read_list(path: Path, *, users: bool = True) -> tuple[KnownIssue, ...]:
    """The entries of the list at ``path``, in its order.

    - ``users``: whether it is a user's, whose entries waive what they name, and say where they are from.

    Raises:
        BrokenList: if it cannot be read, is no TOML, or has an entry with a field that is missing, unknown or of a
            wrong kind, or that names something which does not exist.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BrokenList(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BrokenList("is no text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BrokenList(f"is no TOML: {error}") from None
    entries = content.pop("issue", None)
    if content:
        raise BrokenList(f"{next(iter(content))!r} is unknown: every entry stands under [[issue]]")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise BrokenList("has no entry: every entry stands under [[issue]]")
    issues: list[KnownIssue] = []
    for number, entry in enumerate(entries, start=1):
        issue = _read(entry, f"entry {entry.get('name', number)}")
        for complaint in complaints(issue):
            raise BrokenList(f"entry {issue.name}: {complaint}")
        issues.append(replace(issue, file=path) if users else issue)
    for name in _repeated(each.name for each in issues):
        raise BrokenList(f"two entries are called {name}")
    return tuple(issues)


def _read(entry: dict[str, Any], which: str) -> KnownIssue:
    for name in entry:
        if name not in _FIELDS:
            raise BrokenList(f"{which}: {_unknown('field', name, _FIELDS)}")
    for name in _REQUIRED:
        if name not in entry:
            raise BrokenList(f"{which}: {name} is missing; {', '.join(_REQUIRED)} are required")
    try:
        return _CONVERTER.structure(entry, KnownIssue)
    except ClassValidationError as error:
        # "… @ $.magnitudes[0]": where, after what cattrs says.
        place = transform_error(error)[0].rpartition("@ $.")[2]
        raise BrokenList(f"{which}: {place} = {_shown(entry, place)} is of a wrong kind") from None


def _shown(entry: dict[str, Any], place: str) -> str:
    return repr(entry[place.partition("[")[0]])


def complaints(issue: KnownIssue) -> Iterator[str]:
    """What is wrong with ``issue``, whatever PyTorch is installed: each a line that says what would be right."""
    if not issue.reason.strip():
        yield "reason is empty: say what is wrong"
    if not (issue.operations or issue.laws or issue.fact):
        yield "it names neither operations nor laws nor a fact, so it matches nothing"
    names: tuple[tuple[str, Iterable[str], Iterable[str]], ...] = (
        ("operation", issue.operations, OPERATIONS),
        ("dtype", issue.dtypes, NUMBER_FORMATS),
        ("law", issue.laws, [law.__name__ for law in BOOKKEEPING + LINEARITY + TIES]),
        ("application", filter(None, [issue.application]), APPLICATIONS),
        ("where", filter(None, [issue.where]), REGIONS),
        ("kept_in_dtype", filter(None, [issue.kept_in_dtype]), Accumulation.__members__),
        ("fact", filter(None, [issue.fact]), [each.name for each in fields(DeviceArithmetic)]),
    )
    for what, named, known in names:
        for each in named:
            if each not in known:
                yield _unknown(what, each, known)
    for each in issue.targets:
        if (complaint := _target_complaint(each)) is not None:
            yield complaint
    for each in issue.verified:
        if re.fullmatch(r"\d+\.\d+", each) is None:
            yield f"verified {each!r}: give minor releases, such as '2.13'"
    try:
        SpecifierSet(issue.versions)
    except InvalidSpecifier:
        yield f"versions = {issue.versions!r} is no version specifier; write one such as '>=2.13,<2.15'"


def _target_complaint(text: str) -> str | None:
    try:
        target = Target.parse(text)
        torch.device(target.device)
    except ValueError as error:
        return f"target {text!r}: {error}"
    except RuntimeError:
        return f"target {text!r}: torch knows no device {target.device!r}"
    return None


def expiry(issue: KnownIssue, today: datetime.date) -> str | None:
    """That ``issue`` has expired by ``today``, in words; None if it has not."""
    if issue.expires is None or today <= issue.expires:
        return None
    return f"entry {issue.name} expired on {issue.expires}: mend what it waives, delete it, or set a later date"


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=3)
    return f"{what} {name!r} does not exist" + (f"; did you mean {' or '.join(near)}?" if near else "")


def _repeated(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)
