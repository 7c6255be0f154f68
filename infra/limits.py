"""How `reconcile` is fed: how much at once, for how long, how often. Only numbers, which the simulation reads too."""

# Why these: docs/decisions/015-a-throttled-call-is-not-given-up.md; tests/simulation/storm.py measures them.
CONCURRENCY = 5  # batches at once, as cdk.json has it
BATCH = 10  # messages
RECONCILE_SECONDS = 240  # fifty looks at once of six calls each, at three calls a second, take half of it
# Lambda advises six times the function's timeout, for its own retries where functions are throttled. After a crash that
# would be 24 minutes without a look at the groups of the batch; a message that comes back too early costs one look.
VISIBILITY_SECONDS = 360
TRIES = 8  # with back-off this is some minutes; afterwards the sweep makes up for it
SWEEP_MINUTES = 5
