"""Known wrong gradients of PyTorch, as strict expected failures: one that is mended must leave the list.

In a release that is newer than those on which its entry was verified, what is mended is good news, and no failure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from oracle.known_issue import KnownIssue
from oracle.target import Target
from tests.gate.reproducers import Answer


@pytest.mark.unreplayed
def test_known_issue_is_still_wrong(
    issue: KnownIssue,
    target: Target,
    attach: Callable[[str, Any], None],
    reproduced: Callable[[KnownIssue, Target], Answer],
) -> None:
    """At every target that it concerns its reproducer exits 1, or 2 if nothing can be shown there.

    It may exit 0 if this PyTorch is newer than what the entry was verified on: the summary says so.
    """
    came = reproduced(issue, target)
    attach(
        "gradcert-known-issue",
        {"name": issue.name, "target": str(target), "status": came.status, "said": came.said},
    )
    assert came.status != "broken", (
        f"the reproducer of {issue.name} is broken, it exits {came.code}:\n{came.said}\n{came.errors}"
    )
    assert came.status != "mended" or issue.predates(str(torch.__version__)), (
        f"{issue.name} is mended in torch {torch.__version__} at {target}: delete it from"
        f" {issue.file or 'oracle/known_issues.toml'}, or narrow its targets, versions, dtypes or operations.\n"
        f"{came.said}"
    )
