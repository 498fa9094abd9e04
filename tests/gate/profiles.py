"""Hypothesis profiles that state every field.

A field left out is inherited, and what is inherited depends on the environment: with ``CI`` set, and inside tox,
``derandomize`` becomes true and the database vanishes.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.database import DirectoryBasedExampleDatabase

DEFAULT = "ci"

_COMMON: dict[str, Any] = {
    "derandomize": False,
    "verbosity": Verbosity.normal,
    # No explain phase: it reruns a failure many times to comment on arguments, and the finding says more.
    "phases": (Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
    "stateful_step_count": 50,
    # One finding for each test: the smallest. The others come when it is gone.
    "report_multiple_bugs": False,
    # The first programs compile the formulas that they use, and a large tensor takes its time.
    "suppress_health_check": (HealthCheck.too_slow,),
    # Time is measured in benchmarks, not here.
    "deadline": None,
    # A finding comes with its own reproducer.
    "print_blob": False,
    "backend": "hypothesis",
}

PROFILES: dict[str, dict[str, Any]] = {
    "ci": {"max_examples": 150, "database": None},
    "dev": {"max_examples": 30, "database": DirectoryBasedExampleDatabase(".hypothesis/examples")},
    "nightly": {"max_examples": 3000, "database": None},
}
"""``ci`` is the gate; ``dev`` is quick and replays its last failures; ``nightly`` takes its time."""

STRIDES = {"ci": 61, "dev": 307, "nightly": 1}
"""Of the numbers of a 16-bit format in ascending order the sweep takes every 61st, and so on: primes, so that the last
bits differ."""


def register() -> None:
    """Make the profiles known, under their names."""
    for name, fields in PROFILES.items():
        settings.register_profile(name, **_COMMON, **fields)


def chosen_name(config: pytest.Config) -> str:
    """``--hypothesis-profile``, or the default."""
    return config.getoption("--hypothesis-profile") or DEFAULT


def check(config: pytest.Config) -> None:
    """Refuse an unknown profile, before Hypothesis tries to load it."""
    if chosen_name(config) not in PROFILES:
        raise pytest.UsageError(f"--hypothesis-profile {chosen_name(config)}: choose one of {', '.join(PROFILES)}")


def load(config: pytest.Config, max_examples: int | None) -> None:
    """Load the chosen profile, with ``max_examples`` in place of its own if that is given, and choose a seed.

    Without ``--hypothesis-seed`` the profiles that keep no database get a fresh seed, which the header shows: whoever
    wants the same run again passes it.
    """
    name = chosen_name(config)
    chosen = settings.get_profile(name)
    if max_examples is not None:
        settings.register_profile("chosen", parent=chosen, max_examples=max_examples)
        name = "chosen"
    settings.load_profile(name)
    if config.option.hypothesis_seed is None and chosen.database is None:
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))
