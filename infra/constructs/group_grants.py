"""What more than one role of a group is granted: to read objects, to pull images, to write logs and metrics."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk

from infra.constructs.grants import Grant, allow, here
from infra.constructs.s3_prefix import bucket_arn, listed, objects_arn


def read_below(uris: Sequence[str], sid: str, list_sid: str, *, why: str) -> list[Grant]:
    """Read below prefixes; list only there, so that a missing object is told as missing, not as denied."""
    return [
        allow(sid, ["s3:GetObject"], [objects_arn(uri) for uri in uris], why=why),
        *(
            allow(
                f"{list_sid}{number}",
                ["s3:ListBucket"],
                [bucket_arn(uri)],
                {"StringLike": {"s3:prefix": listed(uri)}},
            )
            for number, uri in enumerate(uris, start=1)
        ),
    ]


def keys_of_objects() -> list[Grant]:
    """Objects under customer managed keys: the key's own policy decides."""
    via = {"StringEquals": {"kms:ViaService": f"s3.{cdk.Aws.REGION}.amazonaws.com"}}
    return [
        allow(
            "Keys",
            ["kms:Decrypt"],
            [here("kms", "key/*")],
            via,
            why="the keys' own policies decide",
        )
    ]


def pull_images(repositories: Sequence[str], *, why: str = "") -> list[Grant]:
    """Pull images from ECR; `repositories` are ARNs."""
    return [
        allow("ImagesLogin", ["ecr:GetAuthorizationToken"], ["*"], why="it has no resource"),
        allow(
            "Images",
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [*repositories],
            why=why,
        ),
    ]


def write_signals(log_group: str, namespaces: Mapping[str, object], *, why: str) -> list[Grant]:
    """Write logs and metrics.

    Args:
        log_group: its name.
        namespaces: the condition's operator to the namespaces of the metrics.
        why: what is said about the wildcard of log streams.
    """
    logs = f"log-group:{log_group}"
    return [
        allow(
            "Logs",
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [here("logs", logs), here("logs", f"{logs}:*")],
            why=why,
        ),
        allow(
            "Metrics",
            ["cloudwatch:PutMetricData"],
            ["*"],
            {operator: {"cloudwatch:namespace": names} for operator, names in namespaces.items()},
            why="PutMetricData has no resource; the namespaces bound it",
        ),
    ]
