"""Amazon SageMaker's registry and hosting as a model in memory: no I/O, no threads, on a clock of one's choice."""
