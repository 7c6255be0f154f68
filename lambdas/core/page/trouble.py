"""What the page shows where it cannot show what was asked for."""

from lambdas.core.page.markup import Element, action, element
from lambdas.core.text import one_line

_LONGEST = 500  # characters of a message


def trouble(message: str, function: str) -> Element:
    """Say what is wrong, and lead back to all groups.

    Args:
        message: of an error of ours, in words.
        function: ARN of the widget's function.
    """
    return element(
        "div",
        element("p", f"▲ This cannot be shown: {one_line(message, _LONGEST)}", role="alert"),
        element("p", action("All groups", function, {})),
    )
