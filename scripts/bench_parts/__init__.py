"""What `scripts/bench` measures, a module a bench, and what they measure with."""
