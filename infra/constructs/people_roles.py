"""The roles that people and pipelines step into to work on a group: registrant and approver.

Condition keys: Service Authorization Reference, `sagemaker:ModelApprovalStatus` on CreateModelPackage and
UpdateModelPackage. A group's name is lower case, so its ARNs are the same in either casing.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.config.convert import endpoint_name
from infra.config.group import GroupConfig
from infra.constructs.grants import Grant, allow, deny, describe_alarms, here
from infra.constructs.group_grants import keys_of_objects
from infra.constructs.named_role import NamedRole
from infra.constructs.permissions import LISTS
from infra.constructs.s3_prefix import objects_arn
from infra.constructs.trust import stepping_in
from lambdas.core.names import (
    FREEZE_PARAMETER,
    ROLE_PATH,
    STATE_STACK,
    act_parameter,
    parameter_name,
    role_name,
)

_STATUS = "sagemaker:ModelApprovalStatus"
_PENDING, _DECISIONS = "PendingManualApproval", ["Approved", "Rejected"]
_VERSIONS = "all versions of this one group"


class PeopleRole(NamedRole):
    """`/greenlight/<group>-<kind>`, which only the given principals may step into."""

    def __init__(
        self,
        scope: Construct,
        config: GroupConfig,
        kind: str,
        *,
        principals: Sequence[str],
        grants: Sequence[Grant],
        mfa: bool = False,
    ) -> None:
        super().__init__(
            scope,
            f"{kind.capitalize()}Role",
            name=role_name(config.name, kind),
            description=f"{kind.capitalize()} of model package group {config.name}",
            trust=stepping_in(
                principals,
                mfa=mfa,
                source_identity=config.sessions.source_identity,
                tags=config.sessions.tags,
            ),
            policy=kind,
            grants=grants,
        )


def registrant(scope: Construct, config: GroupConfig) -> PeopleRole:
    """Registers versions as pending and annotates them; decides nothing.

    A request without a status is not allowed either: what SageMaker makes of it is not documented.
    """
    group, versions = _group(config), _versions(config)
    grants = [
        *_read(config),
        *_look(config),
        allow(
            "RegisterAsPending",
            ["sagemaker:CreateModelPackage"],
            [group, versions],
            {"StringEquals": {_STATUS: _PENDING}},
            why=_VERSIONS,
        ),
        allow(
            "Annotate",
            ["sagemaker:UpdateModelPackage"],
            [versions],
            {"Null": {_STATUS: "true"}},
            why=_VERSIONS,
        ),
        deny(
            "NeverRegisterAsDecided",
            ["sagemaker:CreateModelPackage"],
            ["*"],
            {"StringNotEquals": {_STATUS: _PENDING}},
        ),
        deny("NeverDecide", ["sagemaker:UpdateModelPackage"], ["*"], {"Null": {_STATUS: "false"}}),
        _never_touch_endpoints(),
    ]
    return PeopleRole(scope, config, "registrant", principals=config.registrants, grants=grants)


def approver(scope: Construct, config: GroupConfig) -> PeopleRole:
    """Approves and rejects versions, with a reason, and pauses the group; registers nothing."""
    grants = [
        *_read(config),
        *_look(config),
        allow(
            "Decide",
            ["sagemaker:UpdateModelPackage"],
            [_versions(config)],
            {"StringEquals": {_STATUS: _DECISIONS}},
            why=_VERSIONS,
        ),
        allow(
            "PauseAndRetry",
            ["ssm:DeleteParameter", "ssm:PutParameter"],
            [here("ssm", f"parameter{act_parameter(config.name, '*')}")],
            why="the acts of this one group",
        ),
        deny("NeverRegister", ["sagemaker:CreateModelPackage", "sagemaker:DeleteModelPackage"], ["*"]),
        _never_touch_endpoints(),
    ]
    return PeopleRole(
        scope, config, "approver", principals=config.approvers, grants=grants, mfa=config.sessions.mfa
    )


def decided_by_approvers_only(config: GroupConfig) -> iam.PolicyDocument:
    """The group's resource policy: whatever other policies allow, nobody else decides. One layer, never the only one:
    whether SageMaker takes a Deny here is not documented, so it is opt-in."""
    approver_role = cdk.Fn.sub(
        f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{ROLE_PATH}{role_name(config.name, 'approver')}"
    )
    others = {"ArnNotEquals": {"aws:PrincipalArn": approver_role}}
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                sid="OnlyApproversDecide",
                effect=iam.Effect.DENY,
                principals=[iam.StarPrincipal()],
                actions=["sagemaker:UpdateModelPackage"],
                resources=[_versions(config)],
                conditions={"Null": {_STATUS: "false"}, **others},
            ),
            iam.PolicyStatement(
                sid="NobodyRegistersAsDecided",
                effect=iam.Effect.DENY,
                principals=[iam.StarPrincipal()],
                actions=["sagemaker:CreateModelPackage"],
                resources=[_group(config), _versions(config)],
                conditions={"StringEquals": {_STATUS: _DECISIONS}},
            ),
        ]
    )


def _group(config: GroupConfig) -> str:
    return here("sagemaker", f"model-package-group/{config.name}")


def _versions(config: GroupConfig) -> str:
    return here("sagemaker", f"model-package/{config.name}/*")


def _read(config: GroupConfig) -> list[Grant]:
    """The group's versions, their reports and artifacts."""
    return [
        allow(
            "ReadGroup",
            [
                "sagemaker:BatchDescribeModelPackage",
                "sagemaker:DescribeModelPackage",
                "sagemaker:DescribeModelPackageGroup",
                "sagemaker:ListTags",
            ],
            [_group(config), _versions(config)],
            why=_VERSIONS,
        ),
        allow("List", ["sagemaker:ListModelPackageGroups", "sagemaker:ListModelPackages"], ["*"], why=LISTS),
        allow(
            "ReadArtifacts", ["s3:GetObject"], [objects_arn(uri) for uri in config.artifacts], why=_VERSIONS
        ),
        *keys_of_objects(),
    ]


def _look(config: GroupConfig) -> list[Grant]:
    """What `status`, `versions`, `diff`, `history` and `plan` read of this one group, and of no other."""
    tables = f"{STATE_STACK}-*"
    parameters = (parameter_name(config.name), act_parameter(config.name, "*"), FREEZE_PARAMETER)
    return [
        allow(
            "FindTables",
            ["cloudformation:DescribeStacks"],
            [here("cloudformation", f"stack/{STATE_STACK}/*")],
            why="AWS adds an id to a stack's name",
        ),
        allow(
            "ReadOwnRecordAndLedger",
            ["dynamodb:GetItem", "dynamodb:Query"],
            [here("dynamodb", f"table/{tables}")],
            {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [config.name]}},
            why="CloudFormation names the tables; the items' own key bounds it",
        ),
        allow(
            "DecryptTables",
            ["kms:Decrypt"],
            [here("kms", "key/*")],
            {
                "StringEquals": {"kms:ViaService": cdk.Fn.sub("dynamodb.${AWS::Region}.amazonaws.com")},
                "StringLike": {"kms:EncryptionContext:aws:dynamodb:tableName": tables},
            },
            why="AWS chooses a key's id; by way of DynamoDB, and for these tables only",
        ),
        allow(
            "ReadSpec",
            ["ssm:GetParameter", "ssm:GetParameters"],
            [here("ssm", f"parameter{name}") for name in parameters],
            why="the acts of this one group",
        ),
        allow(
            "ReadEndpoint",
            ["sagemaker:DescribeEndpoint", "sagemaker:ListTags"],
            [here("sagemaker", f"endpoint/{endpoint_name(config)}")],
        ),
        describe_alarms("ReadAlarms", why="a group's spec may name any alarm; they only read"),
    ]


def _never_touch_endpoints() -> Grant:
    return deny(
        "NeverTouchEndpoints",
        [
            "sagemaker:CreateEndpoint",
            "sagemaker:CreateEndpointConfig",
            "sagemaker:CreateModel",
            "sagemaker:DeleteEndpoint",
            "sagemaker:DeleteEndpointConfig",
            "sagemaker:DeleteModel",
            "sagemaker:UpdateEndpoint",
            "sagemaker:UpdateEndpointWeightsAndCapacities",
        ],
        ["*"],
    )
