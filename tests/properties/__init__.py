"""The invariants of the design, as properties over random histories."""
