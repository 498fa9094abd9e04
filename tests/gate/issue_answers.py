"""What the reproducers of known issues answered in a run: for ``gate.json``, and in words.

An answer has a ``name`` of an issue, a ``target``, a ``status`` of ``reproducers`` and what was ``said``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from oracle.known_issues import present_issues, users_issues
from tests.gate.record import Record
from tests.gate.waivers import waiver_content

Answers = list[dict[str, Any]]


def known_issue_entries(
    answers: Answers, cases: Iterable[tuple[str, str]], records: list[Record]
) -> list[dict[str, Any]]:
    """What is known, what reproducers answered by target, and what users' lists waived in ``cases`` and ``records``."""
    cases = list(cases)
    return [
        {
            "name": issue.name,
            "kind": issue.kind,
            "targets": issue.targets,
            "newer_than_verified": issue.predates(str(torch.__version__)),
            "link": issue.link,
            "reason": issue.reason,
            "answers": {
                each["target"]: {"status": each["status"], "said": each["said"]}
                for each in answers
                if each["name"] == issue.name
            },
            **waiver_content(issue, cases, records),
        }
        for issue in dict.fromkeys((*present_issues(), *users_issues()))
    ]


def not_shown(answers: Answers) -> str:
    """Which known issues could not be shown, and what their reproducers said; empty if all were."""
    return _listed("known issues that cannot be shown here:", answers, "cannot be shown")


def news(answers: Answers) -> str:
    """Which known issues are mended in this PyTorch, which is newer than what they were verified on; or empty."""
    release = str(torch.__version__)
    newer = {issue.name for issue in present_issues() if issue.predates(release)}
    title = f"mended in torch {release}, which is newer than what these entries were verified on; bound their versions:"
    return _listed(title, [each for each in answers if each["name"] in newer], "mended")


def _listed(title: str, answers: Answers, status: str) -> str:
    lines = [f"  {each['name']} on {each['target']}: {each['said']}" for each in answers if each["status"] == status]
    return "\n".join([title, *lines]) if lines else ""
