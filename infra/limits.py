"""How the functions are fed: how much at once, for how long, how often. Only numbers; the simulation reads them too."""

from lambdas.core.moves import LONGEST_LOOK

# Why these: docs/decisions/015-a-throttled-call-is-not-given-up.md; tests/simulation/storm.py measures them.
CONCURRENCY = 5  # batches at once, as cdk.json has it
BATCH = 10  # messages
RECONCILE_SECONDS = (
    LONGEST_LOOK  # fifty looks at once of six calls each, at three calls a second, take half of it
)
# Lambda advises six times the function's timeout, for its own retries where functions are throttled. After a crash that
# would be 24 minutes without a look at the groups of the batch; a message that comes back too early costs one look.
VISIBILITY_SECONDS = 360
TRIES = 8  # with back-off this is some minutes; afterwards the sweep makes up for it
SWEEP_MINUTES = 5
# Memory, which buys processor. `make bench`: ready, a function has 36 to 41 MB, and a full pass of ten thousand groups
# adds less than one. Only reconcile works on ten things at once, so it gets more processor than
# memory; the others wait for AWS, one call after another.
RECONCILE_MB = 512
OTHERS_MB = 256
# The queue of runs to retrain. A run that was asked for five minutes ago is asked for anew, so a message is given up
# before it is as old: four tries, a minute apart.
RETRAIN_BATCH = 1  # message: one pipeline's trouble is no other's
RETRAIN_CONCURRENCY = 2  # messages at once, the least that Lambda takes; a start is three calls
RETRAIN_SECONDS = 60
RETRAIN_VISIBILITY_SECONDS = 60
RETRAIN_TRIES = 4
# The ledger's stream to announce. Why these: docs/decisions/017-told-one-by-one.md.
ANNOUNCE_BATCH = 25  # entries; each is three calls at most
ANNOUNCE_SECONDS = 300
ANNOUNCE_TRIES = 100  # with Lambda's back-off this outlasts an outage of more than an hour
ANNOUNCE_HOURS = 12  # the stream forgets after 24: what is given up must still be told of
