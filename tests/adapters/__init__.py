"""Adapters against moto and botocore's own validation."""
