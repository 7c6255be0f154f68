"""The calls by which Greenlight is told, and tells: parameters, queues, metrics and alarms, logs, the trail.

What they let through does no harm: what is named `tried` is nobody's, a spec is not overwritten, what is received is
given back at once, what is sent lacks what a FIFO queue asks for, and specs are put back.
"""

from typing import Any

from lambdas.core.names import (
    ACT_PREFIX,
    FREEZE_PARAMETER,
    METRIC_NAMESPACE,
    PARAMETER_PREFIX,
    abort_alarm,
    act_parameter,
    parameter_name,
)  # fmt: skip
from tests.e2e.matrix.stage import A, B, Stage, arn
from tests.e2e.matrix.tried import Call, Part, Undo, part

_SPEC = {"spec of A": parameter_name(A)}
_SPECS = {**_SPEC, "spec of B": parameter_name(B)}
_FREEZE = {"freeze windows": FREEZE_PARAMETER}
_ACTS = {"act of A": act_parameter(A, "tried"), "act of B": act_parameter(B, "tried")}
_ACTS_NOT_THERE = {"act of A": act_parameter(A, "absent"), "act of B": act_parameter(B, "absent")}
_NO_HANDLE = "ReceiptHandleIsInvalid"
_VALUE = {"Value": "{}", "Type": "String"}
_ALARMS = {
    "guardrail of A": f"greenlight/{A}/tried",
    "Greenlight's own alarm": "greenlight-tried",
    "scaling's alarm": "TargetTracking-endpoint/tried",
    "alarm of others": "tried",
}
_ALARM = {
    "Namespace": "Tried",
    "MetricName": "Tried",
    "Statistic": "Sum",
    "Period": 3600,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
_LOGS_ARE = "The specified log"  # there already, or not yet
_LOGS = {
    "logs of A's endpoint": f"/aws/sagemaker/Endpoints/{A}",
    "logs of B's endpoint": f"/aws/sagemaker/Endpoints/{B}",
    "logs of processing jobs": "/aws/sagemaker/ProcessingJobs",
}


def _parameters(
    names: dict[str, str], more: dict[str, Any], bounce: str = "", undo: Undo | None = None
) -> dict[str, Part]:
    return {words: part({"Name": name, **more}, bounce=bounce, undo=undo) for words, name in names.items()}


def _queues() -> dict[str, Part]:
    return {
        "reconcile queue": Part(lambda stage: {"QueueUrl": stage.outputs["QueueUrl"]}),
        "dead letters": Part(lambda stage: {"QueueUrl": stage.outputs["DeadLetterUrl"]}),
    }


def _retrain() -> dict[str, Part]:
    return {
        "retrain queue": Part(lambda stage: {"QueueUrl": stage.outputs["RetrainUrl"]}),
        "runs not started": Part(lambda stage: {"QueueUrl": stage.outputs["RetrainDeadLetterUrl"]}),
    }


def _refused(queues: dict[str, Part]) -> dict[str, Part]:
    """Queues that are no FIFO, sent what SQS refuses after IAM has let it through."""

    def one(queue: Part) -> Part:
        return Part(
            lambda stage: {**queue.request(stage), "DelaySeconds": 100_000}, bounce="InvalidParameterValue"
        )

    return {words: one(queue) for words, queue in queues.items()}


def _unannounced() -> dict[str, Part]:
    return {"unannounced entries": Part(lambda stage: {"QueueUrl": stage.outputs["UnannouncedUrl"]})}


def _logs(**more: Any) -> dict[str, Part]:
    def functions(stage: Stage) -> dict[str, Any]:
        return {"logGroupName": stage.log_group("ReconcileFunction"), **more}

    ours = {words: part({"logGroupName": name, **more}) for words, name in _LOGS.items()}
    return {**ours, "reconcile's logs": Part(functions)}


_PARAMETERS: dict[str, Call] = {
    "PutParameter": Call(
        "ssm",
        on={
            **_parameters(_SPEC, _VALUE, bounce="ParameterAlreadyExists"),
            **_parameters(_ACTS, {**_VALUE, "Overwrite": True}),
            **_parameters({"freeze windows": FREEZE_PARAMETER}, _VALUE, undo=Stage.put_back_spec),
        },
    ),
    "DeleteParameter": Call(
        "ssm",
        on={
            **_parameters(
                {**_SPEC, "freeze windows": FREEZE_PARAMETER}, {}, "ParameterNotFound", Stage.put_back_spec
            ),
            **_parameters(_ACTS_NOT_THERE, {}, bounce="ParameterNotFound"),
        },
    ),
    "DeleteParameters": Call(
        "ssm", on={"spec of A": part({"Names": [parameter_name(A)]}, undo=Stage.put_back_spec)}
    ),
    "GetParameter": Call(
        "ssm",
        on={
            **_parameters(_SPECS, {}),
            **_parameters({**_ACTS_NOT_THERE, **_FREEZE}, {}, bounce="ParameterNotFound"),
        },
    ),
    "GetParameters": Call(
        "ssm", on={words: part({"Names": [name]}) for words, name in {**_SPECS, **_ACTS, **_FREEZE}.items()}
    ),
    "GetParametersByPath": Call(
        "ssm",
        on={
            "all specs": part({"Path": PARAMETER_PREFIX.rstrip("/")}),
            "all acts": part({"Path": ACT_PREFIX.rstrip("/")}),
        },
    ),
    "DescribeParameters": Call("ssm", on={"all parameters": part({})}),
}
_QUEUES: dict[str, Call] = {
    "SendMessage": Call(
        "sqs",
        on={**_queues(), **_refused({**_retrain(), **_unannounced()})},
        having={"": part({"MessageBody": "tried"})},
        bounce="MissingParameter",
    ),
    "ReceiveMessage": Call(
        "sqs",
        on={**_queues(), **_retrain(), **_unannounced()},
        having={"": part({"VisibilityTimeout": 0})},
    ),
    "DeleteMessage": Call(
        "sqs",
        on={**_queues(), **_retrain()},
        having={"": part({"ReceiptHandle": "tried"})},
        bounce=_NO_HANDLE,
    ),
    "ChangeMessageVisibility": Call(
        "sqs",
        on={**_queues(), **_retrain()},
        having={"": part({"ReceiptHandle": "tried", "VisibilityTimeout": 1})},
        bounce=_NO_HANDLE,
    ),
    "PurgeQueue": Call("sqs", on={**_queues(), **_retrain()}),
    "GetQueueAttributes": Call("sqs", on={**_queues(), **_retrain()}),
    "GetQueueUrl": Call(
        "sqs",
        on={
            "reconcile queue": part({"QueueName": "greenlight-reconcile.fifo"}),
            "retrain queue": part({"QueueName": "greenlight-retrain"}),
        },
    ),
}
_WATCH: dict[str, Call] = {
    "PutMetricData": Call(
        "cloudwatch",
        on={
            words: part({"Namespace": namespace, "MetricData": [{"MetricName": "Tried", "Value": 0.0}]})
            for words, namespace in {
                "Greenlight's namespace": METRIC_NAMESPACE,
                "SageMaker's namespace": "AWS/SageMaker",
                "Model Monitor's namespace": "aws/sagemaker/Endpoints/data-metrics",
                "another namespace": "Tried",
            }.items()
        },
    ),
    "PutMetricAlarm": Call(
        "cloudwatch", on={words: part({"AlarmName": name, **_ALARM}) for words, name in _ALARMS.items()}
    ),
    "SetAlarmState": Call(
        "cloudwatch",
        on={
            "abort alarm of A": part(
                {"AlarmName": abort_alarm(A), "StateValue": "OK", "StateReason": "tried"}
            )
        },
    ),
    "DisableAlarmActions": Call(
        "cloudwatch", on={"abort alarm of A": part({"AlarmNames": [abort_alarm(A)]})}
    ),
    "DeleteAlarms": Call(
        "cloudwatch", on={words: part({"AlarmNames": [name]}) for words, name in _ALARMS.items()}
    ),
    "DescribeAlarms": Call("cloudwatch", on={"all alarms": part({})}),
    "TagResource": Call(
        "cloudwatch",
        on={
            words: part({"ResourceARN": arn("cloudwatch", f"alarm:{name}")})
            for words, name in _ALARMS.items()
        },
        having={"": part({"Tags": [{"Key": "tried", "Value": "yes"}]})},
        bounce="ResourceNotFound",
    ),
    "LookupEvents": Call("cloudtrail", on={"the account": part({"MaxResults": 1})}),
}
_LOG_CALLS: dict[str, Call] = {
    "CreateLogGroup": Call("logs", on=_logs(), bounce=_LOGS_ARE),
    "CreateLogStream": Call("logs", on=_logs(logStreamName="tried"), bounce=_LOGS_ARE),
    "DescribeLogStreams": Call("logs", on=_logs(), bounce=_LOGS_ARE),
    "PutLogEvents": Call(
        "logs",
        on=_logs(logStreamName="tried", logEvents=[{"timestamp": 1, "message": "tried"}]),
        bounce=_LOGS_ARE,
    ),
}
CALLS = {**_PARAMETERS, **_QUEUES, **_WATCH, **_LOG_CALLS}
