"""The Lambda entry point of `dashboard`."""

import functools
import os
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.adapters.aws import Aws
from lambdas.adapters.endpoints import Endpoints
from lambdas.adapters.registry import Registry
from lambdas.adapters.store import Store
from lambdas.core.errors import GreenlightError
from lambdas.core.page.asked import asked
from lambdas.core.page.frame import framed
from lambdas.core.page.trouble import trouble
from lambdas.core.settings import from_environment
from lambdas.dashboard.settings import DashboardSettings
from lambdas.dashboard.view import Sources, view

_ABOUT = """
### Greenlight

Every model group in one table: what is live, in which phase, what waits for a decision, who decided last. A group's
button leads to its versions, metrics, decisions and rollouts, and to the command that approves.

It needs no parameters.
"""


@dataclass(frozen=True)
class App:
    """The function, ready to work."""

    sources: Sources
    logger: Logger


@functools.cache
def ready() -> App:
    """Read the environment and make the clients, once for each execution environment."""
    settings, aws = from_environment(DashboardSettings, os.environ), Aws()
    return App(
        Sources(
            store=Store(aws.dynamodb, settings.state_table, settings.ledger_table),
            registry=Registry(aws.sagemaker),
            endpoints=Endpoints(aws.sagemaker),
        ),
        Logger(service="dashboard"),
    )


def handler(event: dict[str, Any], context: Any) -> str:
    """Draw the widget.

    Args:
        event: `widgetContext` as the CloudWatch console sends it, and what the widget's buttons ask for (see
            `core.page.asked`); or `describe`, which asks what the widget is.
        context: Lambda's; has the function's own ARN.

    Returns:
        HTML; for `describe`, Markdown. What is wrong with the call, or in AWS, is told on the page.

    Source: CloudWatch user guide, "Details about custom widgets in CloudWatch".
    """
    if event.get("describe"):
        return _ABOUT
    app, function = ready(), context.invoked_function_arn
    theme = _theme(event.get("widgetContext"))
    try:
        return framed(view(asked(event), app.sources, function), theme)
    except GreenlightError as error:
        app.logger.warning("not shown: %s", error)
        return framed(trouble(str(error), function), theme)


def _theme(context: object) -> object:
    return context.get("theme") if isinstance(context, dict) else None
