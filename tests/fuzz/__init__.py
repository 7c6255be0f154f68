"""Fuzzing of what other people write: a registry of targets, run a little by the tests and a lot by `make fuzz`."""
