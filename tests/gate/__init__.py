"""What the gate is run with: its options, its Hypothesis profiles, the judge and the report."""
