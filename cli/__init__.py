"""The `greenlight` command."""
