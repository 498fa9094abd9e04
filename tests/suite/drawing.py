"""Looking at what strategies draw."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, Phase, find, given, settings


def drawn(strategy, count=400):
    """``count`` draws, the same in every run."""
    draws = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(strategy)
    def collect(draw):
        draws.append(draw)

    collect()
    return draws


def minimal(strategy, condition=lambda draw: True):
    """What ``strategy`` shrinks to among the draws that meet ``condition``."""
    return find(strategy, condition, settings=settings(max_examples=2000, database=None), random=random.Random(0))
