"""What it costs: pytest-benchmark timings, of the oracle so far."""
