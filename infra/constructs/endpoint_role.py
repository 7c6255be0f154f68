"""The role that a group's endpoint runs by: its artifacts, images, logs and metrics, and what its YAML adds."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.config.convert import endpoint_name
from infra.config.group import AsynchronousConfig, GroupConfig, VpcConfig
from infra.constructs.grants import Grant, accept, allow, describe_alarms, document, here
from infra.constructs.group_grants import keys_of_objects, pull_images, read_below, write_signals
from infra.constructs.nag import acknowledge_inline_policy
from infra.constructs.s3_prefix import objects_arn
from lambdas.core.names import ROLE_PATH, role_name

_BELOW = "every version has an artifact of its own below the group's prefix"
_HOSTING_NAMESPACES = ["AWS/SageMaker", "/aws/sagemaker/Endpoints"]


class EndpointRole(Construct):
    """`/greenlight/<group>-endpoint`; kept when the stack goes, because the endpoint that runs by it stays."""

    def __init__(self, scope: Construct, config: GroupConfig) -> None:
        super().__init__(scope, "EndpointRole")
        grants = [
            *read_below(config.artifacts, "Artifacts", "ListArtifacts", why=_BELOW),
            *keys_of_objects(),  # of artifacts, and of an asynchronous endpoint's requests
            *_images(),
            *_signals(config),
            *_options(config),
        ]
        self.role = iam.Role(
            self,
            "Role",
            role_name=role_name(config.name, "endpoint"),
            path=ROLE_PATH,
            description=f"What the endpoint of model package group {config.name} may do",
            assumed_by=iam.ServicePrincipal(
                "sagemaker.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}},
            ),
            inline_policies={"endpoint": document(grants)},
        )
        self.role.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        accept(self.role, grants)
        acknowledge_inline_policy(self.role)


def _images() -> list[Grant]:
    """Pull images: AWS's own lie in accounts that differ by region and framework, so any repository."""
    return pull_images(
        [cdk.Fn.sub("arn:${AWS::Partition}:ecr:${AWS::Region}:*:repository/*")],
        why="AWS's own images lie in accounts that differ by region and framework",
    )


def _signals(config: GroupConfig) -> list[Grant]:
    return [
        *write_signals(
            f"/aws/sagemaker/Endpoints/{endpoint_name(config)}",
            {"StringEquals": _HOSTING_NAMESPACES},
            why="each instance has a log stream of its own",
        ),
        # SageMaker reads the guardrails of a rollout by this role [DG].
        describe_alarms("Guardrails", why="further alarms that a spec names may have any name"),
    ]


def _options(config: GroupConfig) -> list[Grant]:
    """What only some groups ask for: keys, a network of their own, data capture, answers in S3."""
    endpoint, statements = config.endpoint, []
    if endpoint.kms_key is not None:
        actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"]
        statements.append(allow("VolumeKey", actions, [endpoint.kms_key]))
        aws_only = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
        statements.append(allow("VolumeKeyGrant", ["kms:CreateGrant"], [endpoint.kms_key], aws_only))
    if endpoint.vpc is not None:
        statements += _network(endpoint.vpc)
    if endpoint.data_capture is not None:
        capture = endpoint.data_capture
        statements.append(
            allow(
                "DataCapture",
                ["s3:PutObject"],
                [objects_arn(capture.destination)],
                why="each capture is an object of its own",
            )
        )
        if capture.kms_key is not None:
            actions = ["kms:Decrypt", "kms:GenerateDataKey"]
            statements.append(allow("DataCaptureKey", actions, [capture.kms_key]))
    if endpoint.asynchronous is not None:
        statements += _asynchronous(endpoint.asynchronous)
    return statements


def _asynchronous(config: AsynchronousConfig) -> list[Grant]:
    """Requests from S3, answers into it, and word of them [DG, "Asynchronous inference", prerequisites]."""
    statements = [
        allow(
            "Answers",
            ["s3:PutObject"],
            [objects_arn(uri) for uri in config.places],
            why="each answer is an object of its own",
        )
    ]
    if config.input is not None:
        statements.append(
            allow(
                "Requests",
                ["s3:GetObject"],
                [objects_arn(config.input)],
                why="each request is an object of its own",
            )
        )
    if topics := [topic for topic in (config.success_topic, config.error_topic) if topic is not None]:
        statements.append(allow("Tell", ["sns:Publish"], list(dict.fromkeys(topics))))
    if config.kms_key is not None:
        statements.append(allow("AnswersKey", ["kms:Decrypt", "kms:GenerateDataKey"], [config.kms_key]))
    return statements


def _network(vpc: VpcConfig) -> list[Grant]:
    """Network interfaces in the group's subnets [DG, "Give SageMaker AI access to resources in your VPC"].

    A shared subnet belongs to another account, so subnets and security groups are told by their ids alone.
    """
    parts = [f"subnet/{one}" for one in vpc.subnets] + [
        f"security-group/{one}" for one in vpc.security_groups
    ]
    theirs = [cdk.Fn.sub(f"arn:${{AWS::Partition}}:ec2:${{AWS::Region}}:*:{part}") for part in parts]
    return [
        allow(
            "NetworkInterfaces",
            [
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
            ],
            [here("ec2", "network-interface/*"), *theirs],
            why="SageMaker makes the interfaces, in the subnets that the group names; these may be another account's",
        ),
        allow(
            "Network",
            [
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            ["*"],
            why="describe calls of EC2 have no resource",
        ),
    ]
