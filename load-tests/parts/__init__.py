"""The parts of the load test. Each has `run(stage, scale)`, which prints what it found and returns it as JSON."""
