"""Brings Greenlight and the example groups into a local AWS, by the real CDK command line."""

import tempfile
from urllib.parse import urlsplit

from local.aws import LocalAws
from local.demo.people import hire
from local.demo.registrations import make_bucket


def deploy(endpoint: str) -> None:
    """Prepare a local AWS that is running at `endpoint`, and deploy into it; prints what is there then."""
    port = urlsplit(endpoint).port
    if port is None:
        raise ValueError(f"{endpoint} names no port")
    aws = LocalAws(port=port)
    print("# Deploying Greenlight and the example groups …", flush=True)
    prepare(aws)
    deploy_app(aws)
    for stack in sorted(s["StackName"] for s in aws.client("cloudformation").describe_stacks()["Stacks"]):
        print(f"#   {stack}")
    print("# Ready. Step into a group's role by aws sts assume-role, register, approve.")
    print(f"# The page: {aws.page}", flush=True)


def prepare(aws: LocalAws) -> None:
    """What an account has before Greenlight comes: its people's roles, a bucket, the CDK's bootstrap stack."""
    hire(aws)
    make_bucket(aws)
    aws.bootstrap()


def deploy_app(aws: LocalAws, *arguments: str) -> str:
    """`cdk deploy --all` with further arguments; returns what it said."""
    # An output folder of its own: the CDK CLI refuses to share `cdk.out` with another run. Assets are not copied into
    # it: they lie below .build by the digest of their content, and are thousands of files to write and to delete.
    with tempfile.TemporaryDirectory(prefix="greenlight-cdk-") as output:
        common = ("--all", "--require-approval", "never", "--concurrency", "4", "--no-staging")
        return aws.cdk("deploy", *common, "--output", output, *arguments)
