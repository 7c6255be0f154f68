"""The parts of `s3://bucket/prefix` that IAM speaks of."""

import aws_cdk as cdk


def bucket_of(uri: str) -> str:
    """The bucket's name."""
    return uri.removeprefix("s3://").partition("/")[0]


def prefix_of(uri: str) -> str:
    """The prefix, without slashes at its ends; empty for a whole bucket."""
    return uri.removeprefix("s3://").partition("/")[2].strip("/")


def bucket_arn(uri: str) -> str:
    """The bucket's ARN."""
    return f"arn:{cdk.Aws.PARTITION}:s3:::{bucket_of(uri)}"


def objects_arn(uri: str) -> str:
    """The ARN of everything below the prefix."""
    return "/".join(part for part in (bucket_arn(uri), prefix_of(uri), "*") if part)


def listed(uri: str) -> list[str]:
    """What `s3:prefix` may be where what lies below the prefix is listed, with wildcards."""
    prefix = prefix_of(uri)
    return [prefix, f"{prefix}/*"] if prefix else ["*"]
