"""What holds for the whole account: who may audit, who may break the glass, who may do nothing, when all hold still."""

import json

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from infra.config.governance import GovernanceConfig
from infra.constructs.account_roles import auditor, break_glass
from infra.constructs.boundary import boundary
from infra.stacks.controller import ControllerStack
from infra.stacks.state import StateStack
from lambdas.core.codec import encode
from lambdas.core.names import FREEZE_PARAMETER
from lambdas.core.spec import Calendar


class GovernanceStack(cdk.Stack):
    """The auditor's and the break-glass role, the permissions boundary, the account's freeze windows. Replaceable.

    Args:
        config: of `governance.yaml`.
        state: whose tables are read.
        controller: whose logs are read, and whose function break-glass switches off.
        page: the function that draws the page.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: GovernanceConfig,
        state: StateStack,
        controller: ControllerStack,
        page: lambda_.IFunction,
        **options: object,
    ) -> None:
        super().__init__(scope, construct_id, **options)  # type: ignore[arg-type] # passed through to cdk.Stack
        boundary(self)
        tables = [state.state.table_arn, state.ledger.table_arn]
        keys = [state.key.key_arn, state.ledger_key.key_arn, controller.key.key_arn]
        if config.auditors:
            auditor(self, config.auditors, tables=tables, keys=keys, page=page.function_arn)
        else:
            cdk.Annotations.of(self).add_warning_v2(
                "greenlight:no-auditors",
                "governance.yaml names no auditors: without that role, only administrators can read the ledger",
            )
        if config.break_glass is not None:
            break_glass(
                self,
                config.break_glass.principals,
                tables=tables,
                keys=keys,
                page=page.function_arn,
                reconcile=controller.reconcile.function_arn,
            )
        if config.calendar != Calendar():
            ssm.StringParameter(
                self,
                "Freeze",
                parameter_name=FREEZE_PARAMETER,
                description="Windows in which Greenlight moves no group forward",
                string_value=json.dumps(encode(config.calendar), sort_keys=True, separators=(",", ":")),
            )
