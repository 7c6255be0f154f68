"""Every private name of ministack that this package reads or replaces, with what for; nothing else touches one.

ministack (PyPI, MIT) is an AWS emulator in one Python process. Its public surface is HTTP; what the local AWS
adds or mends inside it goes through the names below. They can move with any new ministack, so each is declared
once, with its parameters, and `problems()` (run by a test, and at start-up) says which have moved.
"""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MINISTACK_VERSION = "1.5.33"


@dataclass(frozen=True)
class Hook:
    """One private name: `module` under ministack, `name`, the `parameters` a function has (None for data)."""

    module: str
    name: str
    why: str
    parameters: tuple[str, ...] | None = None
    replaced: bool = False

    @property
    def key(self) -> str:
        return f"{self.module}.{self.name}"


class HookMovedError(RuntimeError):
    """ministack no longer has a private name as it is declared here."""


def _read(module: str, name: str, why: str, *parameters: str) -> Hook:
    return Hook(module, name, why, parameters or None)


def _replaced(module: str, name: str, why: str, *parameters: str) -> Hook:
    return Hook(module, name, why, parameters or None, replaced=True)


_CW = "services.cloudwatch"
_EB = "services.eventbridge"
_SQS = "services.sqs"
_LAMBDA = "services.lambda_svc"
_RUNTIME = "core.lambda_runtime"
_CFN = "services.cloudformation.provisioners"
_IAM = "core.iam_evaluator"

HOOKS: tuple[Hook, ...] = (
    # --- requests
    _replaced(
        "app",
        "_dispatch_service_request",
        "logs every call; serves SageMaker, its runtime and application-autoscaling, which ministack lacks",
        "method",
        "path",
        "headers",
        "body",
        "query_params",
        "request_id",
    ),
    _read(
        "app",
        "_routing_params",
        "the parameters that name a query request's action",
        "method",
        "path",
        "headers",
        "body",
        "query_params",
    ),
    _replaced(
        "core.router",
        "_is_aws_service_name",
        "looks for a service that ministack lacks in every model that botocore ships",
        "scope_name",
    ),
    _read("app", "_reset_all_state", "empties every service, for reset"),
    # --- identity
    _replaced(
        _IAM,
        "_resolve_condition_key",
        "aws:PrincipalArn of a role session is the role's ARN with its path, not the session's",
        "key",
        "ctx",
    ),
    _replaced(
        _IAM,
        "_conditions_met",
        "knew no policy variables, such as ${aws:username}",
        "conditions",
        "ctx",
    ),
    _replaced(
        _IAM, "_principal_keys", "adds aws:SourceIdentity, and MFA of a session made with it", "credential"
    ),
    _replaced(
        _IAM,
        "evaluate_trust_policy",
        "shows a trust policy every condition key of the request, each permission its own",
        "trust_doc",
        "caller_arn",
        "ctx",
    ),
    _replaced(
        "services.sts",
        "handle_request",
        "a source identity needs a permission of its own, persists and cannot be changed",
        "method",
        "path",
        "headers",
        "body",
        "query_params",
    ),
    _replaced(
        "services.sts",
        "register_session",
        "a session keeps its source identity and MFA",
        "access_key",
        "session",
    ),
    _replaced(
        "services.sts", "_principal_keys", "the evaluator's, bound when sts was imported", "credential"
    ),
    _read("services.sts", "_session_tags", "the tags of a request for a session", "params", "check"),
    _replaced(
        _IAM,
        "_resource_policy",
        "knew no policies of tables, of model package groups, and no trust policies",
        "service",
        "resource_arn",
    ),
    _replaced(
        _IAM,
        "enforce",
        "a resource's Deny binds the root user too; DynamoDB's leading keys",
        "access_key_id",
        "iam_action",
        "service",
        "region",
        "resource_arn",
        "service_context",
    ),
    _replaced(
        "core.iam_actions",
        "extract_iam_action",
        "batch calls of SQS asked for actions that IAM does not have, calls of Lambda for wrong ones or none",
        "service",
        "method",
        "path",
        "headers",
        "body",
        "query_params",
    ),
    _replaced(
        "core.iam_actions",
        "request_tag_context",
        "adds cloudwatch:namespace, what a caller of STS asks for, boundary and policy of a call to IAM",
        "service",
        "iam_action",
        "body",
        "params",
    ),
    _replaced(
        "core.iam_actions",
        "extract_resource_arn",
        "calls that name their resource in a way of their own were checked against every resource, or a wrong one",
        "service",
        "method",
        "path",
        "headers",
        "body",
        "query_params",
        "region",
        "account_id",
    ),
    _replaced(
        _IAM,
        "_permissions_boundary",
        "tells a boundary from session policies, for the wording of refusals",
        "store",
        "name",
        "account_id",
    ),
    _replaced(_IAM, "evaluate", "says which kind of policy refused", "ctx", "policies"),
    _read(_IAM, "_CONDITION_OPS", "the operators of conditions: ARNs are compared part by part"),
    _replaced(
        "core.iam_actions",
        "identity_denial_message",
        "called every refusal one of an identity-based policy",
        "action",
        "principal_arn",
        "resource",
        "explicit_deny",
    ),
    _replaced(
        "core.iam_actions",
        "access_denied_response",
        "named no resource, and no other kind of policy",
        "service",
        "action",
        "principal_arn",
        "request_id",
    ),
    _read("core.iam_actions", "_BOTOCORE_SERVICE_MAP", "the services whose actions botocore's routes tell"),
    _read(
        "core.iam_actions",
        "_match_rest_action",
        "the operation of a REST request",
        "service",
        "method",
        "path",
        "query_params",
    ),
    _read(
        "services.iam", "_put_role_permissions_boundary", "the boundary of a role made from a template", "p"
    ),
    _read("services.iam", "_users", "the users: paths, boundaries"),
    _read(_IAM, "_role_name_from_assumed_arn", "finds the role of a session", "assumed_arn"),
    _read(_IAM, "_gather_role_policies", "whether a schedule's role may deliver", "role_name", "account_id"),
    _read("services.iam", "_roles", "the roles: paths, trust policies"),
    _read("services.sts", "_sessions", "the role sessions: their SourceIdentity and MFA"),
    # --- CloudWatch
    _replaced(
        _CW,
        "_evaluate_alarm",
        "ignores missing data, dimensions and M of N; alarms are evaluated by us on the scaled clock",
        "alarm",
    ),
    _replaced(
        _CW, "_evict_old_metrics", "swapped the lists of points, so a point added at the same moment was lost"
    ),
    _replaced(
        _CW,
        "_record_history",
        "every state change of an alarm also becomes an event",
        "alarm_name",
        "old_state",
        "new_state",
        "reason",
        "alarm_type",
        "reason_data",
    ),
    _replaced(
        _CW,
        "_put_metric_alarm",
        "keeps Metrics (metric math), which ministack drops",
        "params",
        "cbor_data",
        "is_cbor",
        "is_json",
    ),
    _replaced(
        _CW,
        "_describe_alarms",
        "told of composite alarms whoever asks",
        "params",
        "cbor_data",
        "is_cbor",
        "is_json",
    ),
    _read(_CW, "_alarms", "the metric alarms"),
    _read(_CW, "_composite_alarms", "the composite alarms"),
    _read(_CW, "_metrics", "the points of every metric"),
    _read(_CW, "_dims_key", "the key of a set of dimensions", "dims"),
    _read(_CW, "_calc_stats", "the basic statistics of points", "points"),
    _read(_CW, "_stat_value", "one statistic or percentile of points", "stats", "stat_name", "points"),
    _replaced(_CW, "_dispatch_alarm_actions", "told any topic", "alarm", "old_state", "new_state", "reason"),
    _read(_CW, "_evaluate_parent_alarms", "composite alarms over a changed one", "child", "seen"),
    _read(
        _CW,
        "_put_composite_alarm",
        "makes a composite alarm from a template",
        "params",
        "cbor_data",
        "is_cbor",
        "is_json",
    ),
    _read(
        _CW,
        "_error",
        "CloudWatch's error in the protocol of the request",
        "code",
        "message",
        "status",
        "use_json",
        "use_cbor",
    ),
    _read(_CW, "_resource_tags", "tags of alarms"),
    # --- EventBridge
    _replaced(
        _EB,
        "_put_events",
        "publishes events, for aws.* sources too; took entries of any size",
        "data",
        "allow_aws_source",
    ),
    _replaced(
        _EB,
        "_invoke_target",
        "delivers with permissions, retries, the target's DLQ, and the group ID taken from the event",
        "target",
        "event",
        "rule",
        "view",
    ),
    _replaced(_EB, "_dispatch_event", "rules in the third state, for read-only events too", "event", "view"),
    _read(_EB, "_matches_pattern_view", "whether a pattern matches an event", "pattern_str", "view", "owner"),
    _read(_EB, "_pattern_event_view", "an event as its rules and targets see it", "event"),
    _read(_EB, "_apply_input_transformer", "a target's InputTransformer", "transformer", "rule", "view"),
    _read(_EB, "_create_archive", "makes an archive", "data"),
    _read(_EB, "_update_archive", "changes an archive", "data"),
    _read(_EB, "_archives", "the archives and what they hold"),
    _read(_EB, "_ensure_default_bus", "the default bus exists before its archive"),
    # --- SNS
    _read("services.sns", "_topics", "the topics: their keys"),
    _replaced("services.sns", "_publish", "took any subject and any structure", "params"),
    _read("services.sns", "_p", "a parameter of a request", "params", "key"),
    _read("services.sns", "_error", "SNS's refusals", "code", "message", "status"),
    # --- SQS
    _read(_SQS, "_queues", "the queues and their messages"),
    _read(_SQS, "_queue_url", "the URL of a queue", "name"),
    _read(_SQS, "_queue_by_arn", "a queue by its ARN", "arn"),
    _replaced(
        _SQS,
        "_act_send_message",
        "takes message groups that SQS refuses: too long, or with a space",
        "data",
        "qurl",
    ),
    _read(_SQS, "_refresh_counts", "recounts a queue's messages", "q"),
    _read(_SQS, "_Err", "SQS's refusals"),
    _read(_SQS, "_HANDLERS", "SQS's operations by name"),
    _replaced(
        _SQS, "_expire_retained", "swapped the list of messages, so a send at the same moment was lost", "q"
    ),
    _replaced(_SQS, "_dlq_sweep", "swapped the list of messages, so a send at the same moment was lost", "q"),
    _replaced(
        _SQS,
        "_delete_messages_for_esm",
        "swapped the list of messages, so a send at the same moment was lost",
        "queue_url",
        "receipt_handles",
    ),
    _replaced(
        _SQS,
        "_act_delete_message",
        "swapped the list of messages, so a send at the same moment was lost",
        "data",
        "qurl",
    ),
    _replaced(
        _SQS,
        "_act_delete_message_batch",
        "swapped the list of messages, so a send at the same moment was lost",
        "data",
        "qurl",
    ),
    _replaced(
        _SQS,
        "_collect_msgs",
        "walked a list that other threads shorten, and so could break a group's order",
        "q",
        "max_n",
        "vis_timeout",
    ),
    _read(_SQS, "_get_q", "a queue by URL, with its policy enforced", "url", "action"),
    _read(_SQS, "_validate_batch_entries", "checks the entries of a batch", "entries", "entry_name"),
    # --- SSM
    _replaced("services.ssm", "_put_parameter", "sends Parameter Store Change events", "data"),
    _replaced("services.ssm", "_delete_parameter", "sends Parameter Store Change events", "data"),
    _replaced("services.ssm", "_delete_parameters", "sends Parameter Store Change events", "data"),
    _read(
        "services.ssm",
        "_lookup_parameter",
        "a parameter by name or ARN",
        "name_or_arn",
        "allow_arn_region",
        "flexible_name",
    ),
    # --- Lambda
    _replaced(
        _RUNTIME,
        "_worker_class_for",
        "a function runs in a process that sees only what AWS gives it, with an exact log",
        "config",
    ),
    _replaced(
        _LAMBDA,
        "_execute_function_warm",
        "reported every error as Runtime.HandlerError and ended the process with it",
        "func",
        "event",
        "request_id",
    ),
    _read(_LAMBDA, "_ensure_reaper_thread", "ends function processes that idle"),
    _replaced(
        _LAMBDA,
        "_sqs_esm_concurrency",
        "held a FIFO mapping to one batch at a time, so that one group delayed all others",
        "esm",
        "func_rec",
        "config",
        "queue",
    ),
    _replaced(_LAMBDA, "_ESM_BACKOFF_SECONDS", "one failed batch stopped the whole mapping for a second"),
    _replaced(
        _LAMBDA,
        "_poll_dynamodb_streams",
        "ran the function in the thread that polls every queue; knew no retry limit, no reported items",
    ),
    _read(_LAMBDA, "_iter_all_esms", "the event source mappings"),
    _read(_LAMBDA, "_dynamodb_stream_positions", "how far each mapping has read"),
    _read(_LAMBDA, "_apply_filter_criteria", "the records a mapping wants", "records", "esm"),
    _read(_LAMBDA, "_get_func_record_for_qualifier", "the function of a mapping", "name", "qualifier"),
    _read(_LAMBDA, "_execute_function", "runs one invocation, with limits, log and metrics", "func", "event"),
    _read(
        _LAMBDA,
        "_send_ddb_stream_failure_record",
        "a mapping's on-failure destination",
        "esm",
        "func_rec",
        "batch",
        "stream_arn",
        "result",
        "condition",
    ),
    _read(_LAMBDA, "_fetch_code_from_s3", "an object in S3", "bucket", "key", "version_id"),
    _read(_LAMBDA, "_get_func_record_for_ref", "a function by name or ARN", "function_ref"),
    _read(_LAMBDA, "_execution_record_for_config", "what runs a version of a function", "func", "config"),
    _read(_LAMBDA, "_resolve_layer_zip", "the content of a layer", "attachment"),
    _read(_RUNTIME, "execution_credentials", "a session of a function's role", "config"),
    _read(_RUNTIME, "_RESERVED_RUNTIME_ENV_VARS", "variables a function may not set"),
    _read("services.s3", "_buckets", "the objects below a prefix, and their keys"),
    _read("services.kms", "_resolve_key", "a key by its id, its alias or its ARN", "key_id_or_arn"),
    # --- schedules
    _replaced("services.scheduler", "_tick_schedules", "fires on the scaled clock"),
    _read("services.scheduler", "_schedules", "the schedules"),
    _read(_EB, "_parse_rate_seconds", "the seconds of rate(...)", "expr"),
    _read(_EB, "_parse_cron_fields", "the fields of cron(...)", "expr"),
    _read(_EB, "_cron_next_fire", "the next time of cron(...)", "fields", "after_dt"),
    _read("services.scheduler", "_at_time_epoch", "the time of at(...)", "expr"),
    _read("services.scheduler", "_create_schedule", "makes a schedule from a template", "name", "body"),
    _read("services.scheduler", "_update_schedule", "changes a schedule from a template", "name", "body"),
    _read("services.scheduler", "_schedule_arn", "the ARN of a schedule", "group", "name"),
    _replaced(_EB, "_tick_scheduled_rules", "fires on the scaled clock"),
    _read(_EB, "_rules", "the rules"),
    _read(_EB, "_targets", "the targets of rules"),
    # --- DynamoDB
    _read("services.dynamodb", "_tables", "the tables: deletion protection"),
    _read("services.dynamodb", "_resource_policies", "the policies of tables"),
    _read("services.dynamodb", "_put_resource_policy", "the policy of a table made from a template", "data"),
    _replaced(
        "core.iam_actions",
        "dynamodb_transaction_checks",
        "PartiQL was asked for as the operation, of no table; it has actions of its own",
        "iam_action",
        "body",
        "region",
        "account_id",
    ),
    _replaced(
        "core.iam_actions",
        "dynamodb_service_context",
        "where the request is seen, for its leading keys",
        "body",
    ),
    _read("services.dynamodb", "_update_table", "encrypts a table made from a template", "data"),
    _read("services.dynamodb", "_update_continuous_backups", "point-in-time recovery of one", "data"),
    _read("services.dynamodb", "_update_ttl", "time to live of one", "data"),
    _read("services.dynamodb_streams", "_decode_iterator", "the stream that an iterator is of", "token"),
    # --- CloudFormation
    _read(_CFN, "_RESOURCE_HANDLERS", "the resource types: ours are added, some replaced"),
    _read(_CFN, "_STACK_TAG_PROPERTY", "the types that take the stack's tags"),
    _read(_CFN, "_REPLACING_PROPERTIES", "the properties whose change replaces a resource"),
    _read(_CFN, "_physical_name", "the name of a resource that has none", "stack_name", "logical_id"),
    _replaced(
        _CFN, "_cw_metric_alarm_record", "refused Metrics (metric math) in a template", "name", "props"
    ),
)

_BY_KEY = {hook.key: hook for hook in HOOKS}


def private(key: str) -> Any:
    """The private name `module.name` of ministack, as it is now; KeyError if it is not declared above."""
    hook = _BY_KEY[key]
    return getattr(importlib.import_module(f"ministack.{hook.module}"), hook.name)


def replace(key: str, replacement: object) -> Any:
    """Put `replacement` in the place of a private name that is declared as replaced; the original."""
    hook = _BY_KEY[key]
    if not hook.replaced:
        raise HookMovedError(f"{key} is declared as read, not as replaced")
    original = private(key)
    setattr(importlib.import_module(f"ministack.{hook.module}"), hook.name, replacement)
    return original


def problems() -> list[str]:
    """What has moved in the installed ministack, one sentence each; empty when every hook is as declared."""
    return [found for hook in HOOKS if (found := problem(hook))]


def problem(hook: Hook) -> str:
    """How the installed ministack differs from what `hook` declares, in a sentence; "" if it does not."""
    module = importlib.import_module(f"ministack.{hook.module}")
    if not hasattr(module, hook.name):
        return f"ministack.{hook.key} is gone; it was used because: {hook.why}"
    value: Callable[..., object] | object = getattr(module, hook.name)
    if hook.parameters is None:
        return ""
    if not callable(value):
        return f"ministack.{hook.key} is no function any more"
    found = tuple(inspect.signature(value).parameters)[: len(hook.parameters)]
    if found != hook.parameters:
        return f"ministack.{hook.key} now takes {found}, not {hook.parameters}"
    return ""
