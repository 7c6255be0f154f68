"""What people look at: the page, beside the controller's alarms, queues and functions, as one CloudWatch dashboard."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.constructs import permissions
from infra.constructs.function import Function
from infra.constructs.grants import here
from infra.constructs.watch import needs_a_person
from infra.limits import RECONCILE_MB
from infra.stacks.controller import ControllerStack
from infra.stacks.state import StateStack
from lambdas.core.names import DASHBOARD
from lambdas.dashboard.settings import DashboardSettings

_WHOLE, _THIRD = 24, 8  # columns of a dashboard's 24
_PAGE, _ALARMS, _GRAPH = 16, 3, 6  # rows
_MINUTE = cdk.Duration.minutes(1)
_FIVE_MINUTES = cdk.Duration.minutes(5)


_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""Where the console is, by partition."""


class ObservabilityStack(cdk.Stack):
    """The function `dashboard`, and the dashboard whose widget calls it. Replaceable; nothing else depends on it.

    Args:
        state: whose tables the page is read from.
        controller: whose alarms, queues and functions are beside it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        state: StateStack,
        controller: ControllerStack,
        **options: object,
    ) -> None:
        super().__init__(scope, construct_id, **options)  # type: ignore[arg-type] # passed through to cdk.Stack
        self.page = self._function(state, controller).function
        cloudwatch.Dashboard(
            self,
            "Board",  # Dashboard is the function
            dashboard_name=DASHBOARD,
            default_interval=cdk.Duration.hours(12),
            widgets=[
                [_page(self.page.function_arn)],
                [_alarms(self, controller)],
                _queues(controller),
                _work(controller),
            ],
        )
        cdk.CfnOutput(self, "DashboardFunction", value=self.page.function_name)
        consoles = cdk.CfnMapping(
            self,
            "Consoles",
            mapping={partition: {"domain": domain} for partition, domain in _CONSOLES.items()},
        )
        domain = consoles.find_in_map(cdk.Aws.PARTITION, "domain")
        address = f"https://{self.region}.{domain}/cloudwatch/home?region={self.region}"
        cdk.CfnOutput(self, "Page", value=f"{address}#dashboards/dashboard/{DASHBOARD}")

    def _function(self, state: StateStack, controller: ControllerStack) -> Function:
        page = Function(
            self,
            "dashboard",
            settings=DashboardSettings(
                state_table=state.state.table_name, ledger_table=state.ledger.table_name
            ),
            timeout=cdk.Duration.seconds(30),
            memory=RECONCILE_MB,  # somebody waits for the page
            key=controller.key,
            dead_letters="people's consoles call it and wait for its answer, which tells them what failed",
        )
        page.may(
            permissions.dashboard_reads(
                state.state.table_arn, state.ledger.table_arn, state.key.key_arn, state.ledger_key.key_arn
            )
        )
        return page


def _page(function_arn: str) -> cloudwatch.IWidget:
    return cloudwatch.CustomWidget(
        title="Model groups",
        function_arn=function_arn,
        width=_WHOLE,
        height=_PAGE,
        update_on_refresh=True,
        update_on_resize=False,
        update_on_time_range_change=False,
    )


def _alarms(scope: Construct, controller: ControllerStack) -> cloudwatch.IWidget:
    """By name, so that the controller can do without one while this stack is there."""
    alarms = [
        cloudwatch.Alarm.from_alarm_arn(scope, f"Shown-{name}", here("cloudwatch", f"alarm:{name}"))
        for name in controller.watch.alarms
    ]
    return cloudwatch.AlarmStatusWidget(
        title="Alarms of the controller", alarms=alarms, width=_WHOLE, height=_ALARMS
    )


def _queues(controller: ControllerStack) -> list[cloudwatch.IWidget]:
    """What is not worked off, and what came to nothing."""
    queues = controller.queues
    waiting = {"reconcile": queues.reconcile, "retrain": queues.retrain}
    lost = {
        "dead letters": queues.dead_letters,
        "runs not started": queues.retrain_dead_letters,
        "undelivered": queues.undelivered,
        "not announced": queues.unannounced,
    }
    return [
        _graph(
            "Age of the oldest message, seconds",
            [
                queue.metric_approximate_age_of_oldest_message(period=_MINUTE, label=label)
                for label, queue in waiting.items()
            ],
        ),
        _graph(
            "Messages that wait",
            [
                queue.metric_approximate_number_of_messages_visible(
                    period=_MINUTE, statistic="Maximum", label=label
                )
                for label, queue in waiting.items()
            ],
        ),
        _graph(
            "Messages for people",
            [
                queue.metric_approximate_number_of_messages_visible(
                    period=_FIVE_MINUTES, statistic="Maximum", label=label
                )
                for label, queue in lost.items()
            ],
        ),
    ]


def _work(controller: ControllerStack) -> list[cloudwatch.IWidget]:
    """What the functions do, and what does not go on."""
    functions = controller.functions
    announced = functions["announce"].metric(
        "IteratorAge", statistic="Maximum", period=_MINUTE, label="announce"
    )
    return [
        _graph(
            "Invocations that failed",
            [one.metric_errors(period=_FIVE_MINUTES, label=name) for name, one in functions.items()],
        ),
        _graph("Groups that need a person", [needs_a_person()]),
        _graph("How late entries are told, milliseconds", [announced]),
    ]


def _graph(title: str, metrics: list[cloudwatch.IMetric]) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=metrics,
        width=_THIRD,
        height=_GRAPH,
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
    )
