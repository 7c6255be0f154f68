"""The API operations that the model knows."""

from __future__ import annotations

from collections.abc import Callable

from local.sagemaker import configs, endpoints, groups, models, monitoring, packages, pipelines, search, tags
from local.sagemaker.account import Account
from local.sagemaker.caller import Caller
from local.sagemaker.state import Fields

Operation = Callable[[Account, Fields, Caller], Fields]

OPERATIONS: dict[str, Operation] = {
    "CreateModelPackageGroup": groups.create_group,
    "DescribeModelPackageGroup": groups.describe_group,
    "ListModelPackageGroups": groups.list_groups,
    "DeleteModelPackageGroup": groups.delete_group,
    "PutModelPackageGroupPolicy": groups.put_policy,
    "GetModelPackageGroupPolicy": groups.get_policy,
    "DeleteModelPackageGroupPolicy": groups.delete_policy,
    "CreateModelPackage": packages.create_package,
    "DescribeModelPackage": packages.describe_package,
    "UpdateModelPackage": packages.update_package,
    "ListModelPackages": packages.list_packages,
    "BatchDescribeModelPackage": packages.batch_describe_packages,
    "DeleteModelPackage": packages.delete_package,
    "CreateModel": models.create_model,
    "DescribeModel": models.describe_model,
    "DeleteModel": models.delete_model,
    "ListModels": models.list_models,
    "CreateEndpointConfig": configs.create_config,
    "DescribeEndpointConfig": configs.describe_config,
    "DeleteEndpointConfig": configs.delete_config,
    "ListEndpointConfigs": configs.list_configs,
    "CreateEndpoint": endpoints.create_endpoint,
    "UpdateEndpoint": endpoints.update_endpoint,
    "UpdateEndpointWeightsAndCapacities": endpoints.update_capacities,
    "DescribeEndpoint": endpoints.describe_endpoint,
    "ListEndpoints": endpoints.list_endpoints,
    "DeleteEndpoint": endpoints.delete_endpoint,
    "CreatePipeline": pipelines.create_pipeline,
    "UpdatePipeline": pipelines.update_pipeline,
    "DescribePipeline": pipelines.describe_pipeline,
    "ListPipelines": pipelines.list_pipelines,
    "DeletePipeline": pipelines.delete_pipeline,
    "StartPipelineExecution": pipelines.start_execution,
    "StopPipelineExecution": pipelines.stop_execution,
    "DescribePipelineExecution": pipelines.describe_execution,
    "ListPipelineExecutions": pipelines.list_executions,
    "ListPipelineExecutionSteps": pipelines.list_steps,
    "CreateMonitoringSchedule": monitoring.create_schedule,
    "UpdateMonitoringSchedule": monitoring.update_schedule,
    "DescribeMonitoringSchedule": monitoring.describe_schedule,
    "ListMonitoringSchedules": monitoring.list_schedules,
    "StopMonitoringSchedule": monitoring.stop_schedule,
    "StartMonitoringSchedule": monitoring.start_schedule,
    "DeleteMonitoringSchedule": monitoring.delete_schedule,
    "ListMonitoringExecutions": monitoring.list_runs,
    **{f"Create{kind}JobDefinition": monitoring.create_definition(kind) for kind in monitoring.KINDS},
    **{f"Describe{kind}JobDefinition": monitoring.describe_definition(kind) for kind in monitoring.KINDS},
    **{f"Delete{kind}JobDefinition": monitoring.delete_definition(kind) for kind in monitoring.KINDS},
    "AddTags": tags.add_tags,
    "ListTags": tags.list_tags,
    "DeleteTags": tags.delete_tags,
    "Search": search.search,
}
