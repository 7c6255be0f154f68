"""What is raised when an invariant does not hold."""


class Violation(AssertionError):
    """An invariant broke; the text begins with its number."""


def must(holds: object, what: str) -> None:
    """Raise a violation unless it holds."""
    if not holds:
        raise Violation(what)
