"""The entry that would waive a finding in a user's list of known issues, ready to be narrowed and copied."""

from __future__ import annotations

import json

import torch
from packaging.version import Version

from oracle.finding import Broken, Finding


def finding_entry(finding: Finding) -> str | None:
    """The entry of ``finding``, as TOML: every application of its operation, there and in its dtype, in this release.

    None where several operations come together: which of them is at fault, a person must say.
    """
    operations = list(dict.fromkeys(each.operation for each in finding.program.applications))
    if len(operations) != 1:
        return None
    release = Version(str(torch.__version__))
    lines = {
        "name": f"{operations[0].replace('_', '-')}-in-{finding.program.dtype}-{finding.identifier}",
        "kind": "wrong" if finding.kind == "law" else finding.kind,
        "targets": [str(finding.target)],
        "operations": operations,
        "dtypes": [finding.program.dtype],
        "versions": f"=={release.major}.{release.minor}.*",
        "reason": finding.message.partition("\n")[0].rstrip(":"),
        "link": "unreported",
    }
    if isinstance(finding.wrong, Broken):
        lines["laws"] = [finding.wrong.law.__name__]
    text = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in lines.items())
    return f'[[issue]]\n{text}reproducer = """\n{_escaped(finding.script)}"""\n'


def _escaped(text: str) -> str:
    """``text`` as TOML's basic strings of several lines have it."""
    return text.replace("\\", "\\\\").replace('"""', '""\\"')
