"""What stacks are built from, one construct a file."""
