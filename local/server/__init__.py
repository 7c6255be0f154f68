"""The embedded AWS: ministack in one process with SageMaker, guardrails, serving and mended events."""
