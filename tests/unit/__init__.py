"""Facts about the decision and its parts, each by name."""
