"""Strategies that are kept with their options."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

Options = ParamSpec("Options")
Drawn = TypeVar("Drawn")


def reused(strategies: Callable[Options, SearchStrategy[Drawn]]) -> Callable[Options, SearchStrategy[Drawn]]:
    """``strategies``, with the same object for the same options.

    Hypothesis looks into every new strategy before it draws from it, which takes longer than most draws.
    """
    return cast("Callable[Options, SearchStrategy[Drawn]]", lru_cache(maxsize=1024)(strategies))


@reused
def _bytes(size: int) -> SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


def some_bytes(draw: DrawFn, *, size: int) -> bytes:
    """``size`` bytes, in one draw. Shrinks towards zeros."""
    return draw(_bytes(size)) if size else b""
