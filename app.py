"""The CDK app: reads the groups' YAML, tells what is wrong with it, or makes the stacks."""

import os
import sys
from pathlib import Path

# Node 20 still runs the CDK. The banner of a page about its age, at every start, would hide what matters; it is
# printed when the CDK is imported.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

import aws_cdk as cdk

from infra.app import build
from infra.config.governance import DEFAULT, load_governance
from infra.config.problems import ConfigError
from infra.constructs.asset import AssetError


def main() -> int:
    """Synthesize; returns the process's exit code."""
    # cfn-lint checks the same in `make check`; the CDK's own validator would take most of the time of every synth.
    app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False)
    root = Path(__file__).parent
    folder = root / str(app.node.try_get_context("groups") or "groups")
    governance = app.node.try_get_context("governance")
    try:
        build(app, folder, load_governance(root / str(governance or DEFAULT), required=bool(governance)))
    except ConfigError as error:
        count = len(error.problems)
        print(f"{count} problem{'s' if count > 1 else ''} in the configuration:\n", file=sys.stderr)
        for problem in error.problems:
            print(f"  {problem}", file=sys.stderr)
        return 1
    except AssetError as error:
        print(error, file=sys.stderr)
        return 1
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
