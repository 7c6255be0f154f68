"""The real functions with the real adapters on an AWS in memory, through histories that a seed chooses."""
