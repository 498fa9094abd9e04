"""What this suite must satisfy: its strategies, oracles, checkers, reports and options."""
