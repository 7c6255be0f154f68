"""Sends what lies in the dead-letter queue back to reconcile, once its cause is mended.

python -m cli.redrive
"""

import argparse
import sys

from lambdas.adapters.aws import Aws
from lambdas.adapters.queue import redrive
from lambdas.adapters.stacks import outputs
from lambdas.core.errors import GreenlightError

_CONTROLLER_STACK = "Greenlight-Controller"
_FAILED = 2


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code: 0 well, 2 it could not be done."""
    argparse.ArgumentParser(prog="python -m cli.redrive", description=__doc__).parse_args(arguments)
    try:
        aws = Aws()
        urls = outputs(aws.cloudformation, _CONTROLLER_STACK)
        count = redrive(aws.sqs, urls["DeadLetterUrl"], urls["QueueUrl"])
    except GreenlightError as error:
        print(f"redrive: {error}", file=sys.stderr)
        return _FAILED
    print("the dead-letter queue is empty" if count == 0 else f"about {count} messages go back to reconcile")
    return 0


if __name__ == "__main__":
    sys.exit(main())
