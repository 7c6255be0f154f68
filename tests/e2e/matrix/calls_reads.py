"""The calls by which somebody looks at Greenlight: what auditors need, and nobody else here has."""

from typing import Any

from lambdas.core.names import DASHBOARD
from tests.e2e.matrix.stage import A, Stage
from tests.e2e.matrix.tried import Call, Part, part

_ROLE = {"reconcile's role": part({"RoleName": "greenlight-reconcile"})}
_STACK = {"controller": part({"StackName": "Greenlight-Controller"})}
_METRIC = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations"}
_QUERY: dict[str, Any] = {
    "MetricDataQueries": [{"Id": "tried", "MetricStat": {"Metric": _METRIC, "Period": 3600, "Stat": "Sum"}}],
    "StartTime": "2026-01-01T00:00:00Z",
    "EndTime": "2026-01-01T01:00:00Z",
}


def _ledger() -> dict[str, Part]:
    return {"ledger": Part(lambda stage: {"TableName": stage.outputs["LedgerTable"]})}


def _logs() -> dict[str, Part]:
    def ours(stage: Stage) -> dict[str, Any]:
        return {"logGroupName": stage.log_group("ReconcileFunction")}

    return {
        "reconcile's logs": Part(ours),
        "logs of A's endpoint": part({"logGroupName": f"/aws/sagemaker/Endpoints/{A}"}),
    }


CALLS: dict[str, Call] = {
    "ListEndpoints": Call("sagemaker", on={"all": part({})}),
    "ListEndpointConfigs": Call("sagemaker", on={"all": part({})}),
    "ListModels": Call("sagemaker", on={"all": part({})}),
    "DescribeTable": Call("dynamodb", on=_ledger()),
    "DescribeContinuousBackups": Call("dynamodb", on=_ledger()),
    "GetParameterHistory": Call("ssm", on={"spec of A": part({"Name": f"/greenlight/groups/{A}"})}),
    "GetMetricData": Call("cloudwatch", on={"the account": part(_QUERY)}),
    "ListMetrics": Call("cloudwatch", on={"the account": part({})}),
    "GetDashboard": Call("cloudwatch", on={"the page's": part({"DashboardName": DASHBOARD})}),
    "ListDashboards": Call("cloudwatch", on={"the account": part({})}),
    "DescribeAlarmHistory": Call(
        "cloudwatch", on={"abort alarm of A": part({"AlarmName": f"greenlight/{A}/abort"})}
    ),
    "FilterLogEvents": Call("logs", on=_logs()),
    "GetLogEvents": Call(
        "logs", on=_logs(), having={"": part({"logStreamName": "tried"})}, bounce="The specified log"
    ),
    "DescribeStacks": Call("cloudformation", on={**_STACK, "state": part({"StackName": "Greenlight-State"})}),
    "GetTemplate": Call("cloudformation", on=_STACK),
    "GetRole": Call("iam", on=_ROLE),
    "GetRolePolicy": Call("iam", on=_ROLE, having={"": part({"PolicyName": "tried"})}, bounce="NoSuchEntity"),
    "ListRolePolicies": Call("iam", on=_ROLE),
    "ListAttachedRolePolicies": Call("iam", on=_ROLE),
    "ListEventSourceMappings": Call("lambda", on={"all": part({})}),
    "ListStacks": Call("cloudformation", on={"all": part({})}),
    "ListRoles": Call("iam", on={"all": part({})}),
}
