"""Brings Greenlight and the example groups into a local AWS, by the real CDK command line."""

from local.aws import LocalAws
from local.demo.people import hire
from local.demo.registrations import make_bucket


def prepare(aws: LocalAws) -> None:
    """What an account has before Greenlight comes: its people's roles, a bucket, the CDK's bootstrap stack."""
    hire(aws)
    make_bucket(aws)
    aws.bootstrap()


def deploy(aws: LocalAws, *context: str) -> str:
    """`cdk deploy --all`; returns what it said."""
    return aws.cdk("deploy", "--all", "--require-approval", "never", "--concurrency", "4", *context)
