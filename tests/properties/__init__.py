"""Property tests: what holds for every input."""
