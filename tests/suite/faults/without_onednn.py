"""A pytest plugin that plants a fault which shows where oneDNN is off, and nowhere else.

``pytest -p tests.suite.faults.without_onednn``
"""

from __future__ import annotations

from dataclasses import replace

import pytest

LIBRARY = pytest.StashKey[object]()


# After the gate has looked whether torch is there at all.
@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Plant it, for as long as the configuration lives (pytest calls this)."""
    import torch

    from tests.suite.faults import FAULTS
    from tests.suite.faults.planting import plant
    from tests.suite.processes import FAULT

    fault = replace(FAULTS[FAULT], when=lambda call: not torch.backends.mkldnn.enabled)
    config.stash[LIBRARY] = plant(fault)
