"""Profiles mean the same with and without ``CI``, inside and outside tox."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.gate.profiles import PROFILES

CI_VARIABLES = ("CI", "TF_BUILD", "GITHUB_ACTIONS", "__TOX_ENVIRONMENT_VARIABLE_ORIGINAL_CI")

PRINT_FIELDS = """
import json, sys
from hypothesis import settings
from tests.gate import profiles
profiles.register()
settings.load_profile(sys.argv[1])
chosen = settings()
fields = ("max_examples", "derandomize", "database", "deadline", "print_blob", "suppress_health_check", "phases",
          "report_multiple_bugs", "stateful_step_count", "verbosity", "backend")
print(json.dumps({field: str(getattr(chosen, field)) for field in fields}))
"""


def fields(profile, pytestconfig, variables):
    environment = {name: value for name, value in os.environ.items() if name not in CI_VARIABLES} | variables
    run = subprocess.run(
        [sys.executable, "-c", PRINT_FIELDS, profile],
        cwd=pytestconfig.rootpath,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_do_not_depend_on_the_environment(profile, pytestconfig):
    plain = fields(profile, pytestconfig, {})
    assert plain["derandomize"] == "False"
    assert plain["deadline"] == "None"
    assert plain["max_examples"] == str(PROFILES[profile]["max_examples"])
    assert (plain["database"] == "None") == (profile != "dev")
    for variable in CI_VARIABLES:
        assert fields(profile, pytestconfig, {variable: "true"}) == plain
