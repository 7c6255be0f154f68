"""The whole app: four stacks of ours, one for each group, and the rules that all must hold."""

from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from infra.config.governance import GovernanceConfig
from infra.config.load import load_groups
from infra.config.problems import ConfigError, Problem
from infra.constructs.policy_sizes import too_large
from infra.limits import CONCURRENCY
from infra.quotas import shortages, taken
from infra.stacks.controller import ControllerStack
from infra.stacks.governance import GovernanceStack
from infra.stacks.group import GroupStack
from infra.stacks.observability import ObservabilityStack
from infra.stacks.state import StateStack
from lambdas.core.names import CONTROLLER_STACK, OBSERVABILITY_STACK, STATE_STACK

_FEW = 3  # artifacts: with so many of the longest, every policy of a group is far from IAM's limit; asking takes time


def build(app: cdk.App, folder: Path, governance: GovernanceConfig) -> None:
    """Add every stack to an app.

    Args:
        app: with the context key `concurrency`, if it is not to be what `infra.limits` says, and `snap_start`, if
            functions are to start from snapshots.
        folder: of the groups' YAML files.
        governance: what holds for the whole account.

    Raises:
        ConfigError: with every problem of every file.
    """
    groups = load_groups(folder)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), NIST80053R5Checks(app))
    state = StateStack(app, STATE_STACK, description="Greenlight: record, ledger and archive (retained)")
    controller = ControllerStack(
        app,
        CONTROLLER_STACK,
        description="Greenlight: queues, functions, rules, alarms",
        state=state,
        concurrency=int(app.node.try_get_context("concurrency") or CONCURRENCY),
        snap_start=str(app.node.try_get_context("snap_start")).lower() == "true",
        break_glass=governance.break_glass is not None,
        messages=governance.messages,
    )
    observability = ObservabilityStack(
        app,
        OBSERVABILITY_STACK,
        description="Greenlight: the page, beside alarms, queues and functions, as a CloudWatch dashboard",
        state=state,
        controller=controller,
    )
    GovernanceStack(
        app,
        "Greenlight-Governance",
        description="Greenlight: auditor, permissions boundary, break-glass, freeze windows of the account",
        config=governance,
        state=state,
        controller=controller,
        page=observability.page,
    )
    problems: list[Problem] = []
    for config in groups:
        stack = GroupStack(
            app,
            f"Greenlight-Group-{config.name}",
            description=f"Greenlight: model package group {config.name}",
            config=config,
        )
        if len(config.artifacts) > _FEW:
            problems += too_large(stack, config.name)
    if problems:
        raise ConfigError(problems)
    for number, shortage in enumerate(shortages(taken(app, groups)), start=1):
        cdk.Annotations.of(controller).add_warning_v2(f"greenlight:quota-{number}", str(shortage))
