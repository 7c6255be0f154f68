"""How `reconcile` is fed: how much at once, for how long, how often. Numbers only, so that the simulation reads them too."""

CONCURRENCY = 10  # batches at once, unless the context says otherwise
BATCH = 10  # messages
RECONCILE_SECONDS = 60  # an invocation may take
VISIBILITY_SECONDS = 6 * RECONCILE_SECONDS  # Lambda's advice for queues
TRIES = 8  # with back-off this is some minutes; afterwards the sweep makes up for it
SWEEP_MINUTES = 5
