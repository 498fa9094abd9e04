"""Which of two PyTorchs has the slower backward: two interpreters asked in turn, and what their times say."""
