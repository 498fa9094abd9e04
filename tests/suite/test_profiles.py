"""Profiles mean the same with and without ``CI``, inside and outside tox."""

from __future__ import annotations

import json

import pytest

from tests.gate.profiles import PROFILES
from tests.suite.processes import python

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
    run = python("-c", PRINT_FIELDS, profile, folder=pytestconfig.rootpath, variables=variables, without=CI_VARIABLES)
    assert run.returncode == 0, run.stderr
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
