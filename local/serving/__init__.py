"""Runs a model version's real artifact, as SageMaker's framework containers do."""
