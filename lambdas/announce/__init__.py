"""Function `announce`: what was recorded is told, to people by a topic and to machines by a bus."""
