"""The HTTP service: parse, look up, predict, answer."""
