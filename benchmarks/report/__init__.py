"""The report: what the gate, the power measurement, the sweep and the benchmarks found, on one page."""
