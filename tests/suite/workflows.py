"""GitHub workflows as a runner reads them: their steps, with what stands in ``${{ }}`` filled in."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.suite.processes import environment

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


def read_workflow(path: Path) -> dict[str, Any]:
    """The workflow at ``path``; what starts it stands under ``on``."""
    return as_workflow(path.read_text(encoding="utf-8"))


def as_workflow(text: str) -> dict[str, Any]:
    """The workflow that ``text`` is."""
    content = yaml.safe_load(text)
    # YAML 1.1 takes the word "on" for a truth.
    return {"on" if name is True else name: value for name, value in content.items()}


def inputs_of(workflow: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """The inputs of a reusable ``workflow`` that is called with those that are ``given``.

    Raises:
        KeyError: if one of them is not an input.
    """
    known = workflow["on"]["workflow_call"]["inputs"]
    return {name: each["default"] for name, each in known.items()} | {
        name: known[name] and given[name] for name in given
    }


def values_of(inputs: dict[str, str], **others: str) -> dict[str, str]:
    """What expressions stand for: each input, all of them as JSON, and ``others``, two underscores for each dot."""
    values = {f"inputs.{name}": value for name, value in inputs.items()} | {"toJSON(inputs)": json.dumps(inputs)}
    return values | {name.replace("__", "."): value for name, value in others.items()}


def filled_in(text: str, values: dict[str, str]) -> str:
    """``text`` with each expression replaced by its value.

    Raises:
        KeyError: if one has none.
    """
    return _EXPRESSION.sub(lambda found: values[found[1]], text)


def step(job: dict[str, Any], name: str) -> dict[str, Any]:
    """The step of that name."""
    return next(each for each in job["steps"] if each.get("name") == name)


def run_step(
    job: dict[str, Any], name: str, values: dict[str, str], folder: Path, variables: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a step in ``folder`` as a runner does, with ``variables`` besides those of the workflow."""
    this = step(job, name)
    told = {key: filled_in(text, values) for key, text in (job.get("env", {}) | this.get("env", {})).items()}
    return subprocess.run(
        ["bash", "-e", "-c", this["run"]],
        cwd=folder,
        env=environment() | told | variables,
        capture_output=True,
        text=True,
        check=False,
    )
