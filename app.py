"""The CDK app: reads the groups' YAML, tells what is wrong with it, or makes the stacks."""

import sys
from pathlib import Path

import aws_cdk as cdk

from infra.app import build
from infra.config.problems import ConfigError


def main() -> int:
    """Synthesize; returns the process's exit code."""
    app = cdk.App(analytics_reporting=False)
    folder = Path(__file__).parent / str(app.node.try_get_context("groups") or "groups")
    try:
        build(app, folder)
    except ConfigError as error:
        count = len(error.problems)
        print(f"{count} problem{'s' if count > 1 else ''} in the groups' configuration:\n", file=sys.stderr)
        for problem in error.problems:
            print(f"  {problem}", file=sys.stderr)
        return 1
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
