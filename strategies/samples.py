"""Fixed samples of what a strategy draws, for looking at its draws and for timing."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import SearchStrategy

from strategies.fresh import fresh

Drawn = TypeVar("Drawn")


def sample(strategy: SearchStrategy[Drawn], *, count: int) -> list[Drawn]:
    """About ``count`` draws from ``strategy``, the same in every run: fewer where it has fewer to offer.

    Raises:
        InvalidArgument: if ``count`` is not positive.
    """
    if count < 1:
        raise InvalidArgument(f"{count=} must be at least 1")
    draws: list[Drawn] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        # A sample of tensors may take its time.
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(fresh(strategy))
    def collect(draw: Drawn) -> None:
        draws.append(draw)

    collect()
    return draws
