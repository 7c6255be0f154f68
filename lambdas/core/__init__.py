"""The pure heart: facts in, decision out; standard library only, no clock, no environment, no I/O."""
