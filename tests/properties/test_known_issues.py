"""Known wrong gradients of PyTorch, as strict expected failures: one that is mended must leave the list."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from oracle.known_issues import KnownIssue, present_issues


@pytest.mark.unreplayed
@pytest.mark.parametrize("issue", present_issues(), ids=lambda issue: issue.name)
def test_known_issue_is_still_wrong(issue: KnownIssue) -> None:
    """The reproducer still exits 1."""
    run = subprocess.run([sys.executable, "-c", issue.reproducer], capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1), f"the reproducer of {issue.name} is broken:\n{run.stderr}"
    assert run.returncode == 1, (
        f"{issue.name} is mended in torch {torch.__version__}: delete it from oracle/known_issues.toml,"
        " or narrow its versions."
    )
