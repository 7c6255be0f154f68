"""An embedded AWS for the demo, for trying things out, and for end-to-end tests."""
