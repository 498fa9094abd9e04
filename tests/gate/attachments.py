"""What tests attach to their reports, for the reports of the gate: it travels with them from process to process.

pytest's own ``user_properties`` would go into JUnit's XML as well, whose schema has no room for them.
"""

from __future__ import annotations

from typing import Any

import pytest

Attachments = list[tuple[str, Any]]
"""Pairs of a name and what JSON can hold."""

_ATTACHED = pytest.StashKey[Attachments]()


def attach(item: pytest.Item, name: str, content: Any) -> None:
    """Attach ``content`` to the report of ``item``, under ``name``."""
    item.stash.setdefault(_ATTACHED, []).append((name, content))


def hand_over(item: pytest.Item, report: pytest.TestReport) -> None:
    """Let ``report`` carry what ``item`` has attached, and what it attaches until the report is sent."""
    vars(report)["gradcert"] = item.stash.setdefault(_ATTACHED, [])


def attachments(report: pytest.TestReport) -> Attachments:
    """What ``report`` carries; nothing if it is of a phase that attaches nothing."""
    carried: Attachments = getattr(report, "gradcert", [])
    return carried
