"""Pipelines and their executions; what a pipeline does, the world does."""

from __future__ import annotations

import json
import math
import uuid
from typing import TYPE_CHECKING, Any

from local.sagemaker.copies import copied
from local.sagemaker.errors import absent, invalid
from local.sagemaker.events import pipeline_event
from local.sagemaker.paging import ordered, page
from local.sagemaker.ports import PipelineRun
from local.sagemaker.state import Pipeline, PipelineExecution
from local.sagemaker.tags import given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.sagemaker.account import Account
    from local.sagemaker.caller import Caller
    from local.sagemaker.state import Fields

_SORTED_BY = {"Name": "PipelineName", "CreationTime": "CreationTime"}
_EXECUTIONS_BY = {"CreationTime": "StartTime", "PipelineExecutionArn": "PipelineExecutionArn"}
_REGISTER = "Register"  # the step by which a pipeline of the model registers


def create_pipeline(account: Account, request: Fields, caller: Caller) -> Fields:
    """CreatePipeline: the same token makes the same pipeline once."""
    name, token = request["PipelineName"], request["ClientRequestToken"]
    arn = account.arn("pipeline", name.lower())
    known = account.state.pipelines.get(name.lower())
    if known is not None and known.token == token:
        return {"PipelineArn": arn}
    if known is not None:
        raise invalid(
            f"Pipeline names must be unique within an AWS account and region. {arn} exists already."
        )
    fields = {
        "PipelineName": name,
        "PipelineArn": arn,
        "PipelineStatus": "Active",
        "CreationTime": account.now,
        "CreatedBy": caller.user_context(identity=account.switches.iam_identity_present),
    }
    pipeline = Pipeline(name, arn, fields, given(request), {}, token)
    if "PipelineDefinition" not in request:
        raise invalid(f"Pipeline {arn} has no PipelineDefinition.")
    _define(account, pipeline, request)
    account.state.pipelines[name.lower()] = pipeline
    return {"PipelineArn": arn}


def update_pipeline(account: Account, request: Fields, _caller: Caller) -> Fields:
    """UpdatePipeline."""
    pipeline = _the_pipeline(account, request["PipelineName"])
    _define(account, pipeline, request)
    return {"PipelineArn": pipeline.arn}


def _define(account: Account, pipeline: Pipeline, request: Fields) -> None:
    if "PipelineDefinitionS3Location" in request:
        raise invalid("This model takes a PipelineDefinition, and no PipelineDefinitionS3Location.")
    for member in ("PipelineDisplayName", "PipelineDefinition", "PipelineDescription", "RoleArn"):
        if member in request:
            pipeline.fields[member] = copied(request[member])
    pipeline.fields["LastModifiedTime"] = account.now
    if "PipelineDefinition" in request:
        pipeline.parameters = _parameters(request["PipelineDefinition"])


def _parameters(definition: str) -> dict[str, str | None]:
    """The parameters that a definition declares, with their defaults (pipeline definition JSON schema, Parameters)."""
    try:
        listed = json.loads(definition).get("Parameters", [])
        return {one["Name"]: one.get("DefaultValue") for one in listed}
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise invalid(
            "Invalid pipeline definition: it is not JSON with Parameters that have names."
        ) from error


def describe_pipeline(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DescribePipeline."""
    return copied(_the_pipeline(account, request["PipelineName"]).fields)


def list_pipelines(account: Account, request: Fields, _caller: Caller) -> Fields:
    """ListPipelines."""
    members = ("PipelineArn", "PipelineName", "RoleArn", "CreationTime", "LastModifiedTime")
    items = [
        {member: one.fields[member] for member in members if member in one.fields}
        for one in account.state.pipelines.values()
    ]
    prefix = request.get("PipelineNamePrefix", "")
    found = _created([one for one in items if one["PipelineName"].startswith(prefix)], request)
    in_order = ordered(found, request, _SORTED_BY, ascending=False)
    return page(in_order, request, "ListPipelines", "PipelineSummaries")


def delete_pipeline(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DeletePipeline: not while one of its executions runs; those that ended go with it."""
    pipeline = _the_pipeline(account, request["PipelineName"])
    executions = [one for one in account.state.executions.values() if one.pipeline == pipeline.name]
    if any(one.is_under_way for one in executions):
        raise invalid(f"Pipeline {pipeline.arn} has an execution in progress.")
    for one in executions:
        del account.state.executions[one.arn.lower()]
        del account.state.pipeline_tokens[pipeline.name, one.token]
    del account.state.pipelines[pipeline.name.lower()]
    return {"PipelineArn": pipeline.arn}


def start_execution(account: Account, request: Fields, caller: Caller) -> Fields:
    """StartPipelineExecution: the same token gives the same execution."""
    pipeline, token = _the_pipeline(account, request["PipelineName"]), request["ClientRequestToken"]
    if known := account.state.pipeline_tokens.get((pipeline.name, token)):
        return {"PipelineExecutionArn": known}
    asked = {one["Name"]: one["Value"] for one in request.get("PipelineParameters", [])}
    if unknown := sorted(asked.keys() - pipeline.parameters.keys()):
        raise invalid(
            f"Unknown parameter(s): [{', '.join(unknown)}]. They are not in the pipeline definition."
        )
    values = {name: asked.get(name, default) for name, default in pipeline.parameters.items()}
    if empty := sorted(name for name, value in values.items() if value is None):
        raise invalid(f"Parameter(s) without a value: [{', '.join(empty)}].")
    arn = f"{pipeline.arn}/execution/{uuid.uuid5(uuid.NAMESPACE_URL, pipeline.arn + token).hex[:12]}"
    fields: Fields = {
        "PipelineArn": pipeline.arn,
        "PipelineExecutionArn": arn,
        "PipelineExecutionStatus": "Executing",
        "CreationTime": account.now,
        "LastModifiedTime": account.now,
        "CreatedBy": caller.user_context(identity=account.switches.iam_identity_present),
        **{
            member: request[member]
            for member in ("PipelineExecutionDisplayName", "PipelineExecutionDescription")
            if member in request
        },
    }
    execution = PipelineExecution(arn, pipeline.name, token, fields)
    account.state.executions[arn.lower()] = execution
    account.state.pipeline_tokens[pipeline.name, token] = arn
    pipeline_event(account, execution, None)
    run = PipelineRun(
        arn=arn,
        name=pipeline.name,
        display_name=str(request.get("PipelineExecutionDisplayName", "")),
        role_arn=pipeline.fields["RoleArn"],
        parameters={name: str(value) for name, value in values.items()},
        started=account.now,
    )
    account.outbox.append(lambda: account.world.run_pipeline(run))
    return {"PipelineExecutionArn": arn}


def stop_execution(account: Account, request: Fields, _caller: Caller) -> Fields:
    """StopPipelineExecution: here it stops at once."""
    execution = _the_execution(account, request["PipelineExecutionArn"])
    if not execution.is_under_way:
        raise invalid(f"Pipeline execution {execution.arn} is not in status Executing.")
    ended(account, execution.arn, "Stopped", None)
    account.outbox.append(lambda: account.world.stop_pipeline(execution.arn))
    return {"PipelineExecutionArn": execution.arn}


def ended(
    account: Account, arn: str, status: str, failure: str | None, registered: Sequence[str] = ()
) -> None:
    """An execution came to its end; one that has ended stays as it is."""
    execution = account.state.executions.get(arn.lower())
    if execution is None or not execution.is_under_way:
        return
    before = execution.fields["PipelineExecutionStatus"]
    execution.fields |= {"PipelineExecutionStatus": status, "LastModifiedTime": account.now}
    if failure is not None:
        execution.fields["FailureReason"] = failure[:1300]
    execution.registered = tuple(registered)
    pipeline_event(account, execution, before)


def describe_execution(account: Account, request: Fields, _caller: Caller) -> Fields:
    """DescribePipelineExecution."""
    return copied(_the_execution(account, request["PipelineExecutionArn"]).fields)


def list_executions(account: Account, request: Fields, _caller: Caller) -> Fields:
    """ListPipelineExecutions."""
    pipeline = _the_pipeline(account, request["PipelineName"])
    members = {
        "PipelineExecutionArn": "PipelineExecutionArn",
        "CreationTime": "StartTime",
        "PipelineExecutionStatus": "PipelineExecutionStatus",
        "PipelineExecutionDisplayName": "PipelineExecutionDisplayName",
    }
    items: list[Any] = [
        {shown: one.fields[member] for member, shown in members.items() if member in one.fields}
        for one in account.state.executions.values()
        if one.pipeline == pipeline.name
    ]
    in_order = ordered(_created(items, request, "StartTime"), request, _EXECUTIONS_BY, ascending=False)
    return page(in_order, request, "ListPipelineExecutions", "PipelineExecutionSummaries")


def list_steps(account: Account, request: Fields, _caller: Caller) -> Fields:
    """ListPipelineExecutionSteps: one step for each version that was registered."""
    execution = _the_execution(account, request["PipelineExecutionArn"])
    steps = [
        {
            "StepName": f"{_REGISTER}{number or ''}",
            "StepStatus": "Succeeded",
            "StartTime": execution.fields["CreationTime"],
            "EndTime": execution.fields["LastModifiedTime"],
            "Metadata": {"RegisterModel": {"Arn": arn}},
        }
        for number, arn in enumerate(execution.registered)
    ]
    if request.get("SortOrder", "Descending") == "Descending":
        steps.reverse()
    return page(steps, request, "ListPipelineExecutionSteps", "PipelineExecutionSteps")


def _created(items: list[Any], request: Fields, member: str = "CreationTime") -> list[Any]:
    """The items made after CreatedAfter and before CreatedBefore."""
    after, before = request.get("CreatedAfter", -math.inf), request.get("CreatedBefore", math.inf)
    return [one for one in items if after < one[member] < before]


def _the_pipeline(account: Account, name_or_arn: str) -> Pipeline:
    name = name_or_arn.rpartition("/")[2]
    found = account.state.pipelines.get(name.lower())
    if found is None:
        raise absent("Pipeline", account.arn("pipeline", name.lower()))
    return found


def _the_execution(account: Account, arn: str) -> PipelineExecution:
    found = account.state.executions.get(arn.lower())
    if found is None:
        raise absent("Pipeline execution", arn)
    return found
