"""A dry run for approvers: what would happen if a version were approved or rejected now. Reads only.

python -m cli.plan GROUP approve 7
python -m cli.plan GROUP reject 7
"""

import argparse
import sys
import time

from lambdas.adapters.alarms import Alarms
from lambdas.adapters.aws import Aws
from lambdas.adapters.calendar import holding
from lambdas.adapters.endpoints import Endpoints
from lambdas.adapters.executor import Executor
from lambdas.adapters.objects import Objects
from lambdas.adapters.registry import Registry
from lambdas.adapters.scaling import Scaling
from lambdas.adapters.specs import Specs
from lambdas.adapters.stacks import outputs
from lambdas.adapters.store import Store
from lambdas.adapters.trails import Trails
from lambdas.adapters.trials import Trials
from lambdas.core.errors import GreenlightError
from lambdas.core.record import Approval
from lambdas.reconcile.foresee import foresee, in_words
from lambdas.reconcile.ports import Ports

_STATE_STACK = "Greenlight-State"
_FAILED = 2
_VERBS = {"approve": Approval.APPROVED, "reject": Approval.REJECTED}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code: 0 well, 2 it could not be told."""
    parser = argparse.ArgumentParser(prog="python -m cli.plan", description=__doc__)
    parser.add_argument("group", help="the model package group")
    parser.add_argument("verb", choices=sorted(_VERBS))
    parser.add_argument("version", type=int, help="the version's number")
    asked = parser.parse_args(arguments)
    try:
        decision = foresee(_ports(Aws()), asked.group, asked.version, _VERBS[asked.verb])
    except GreenlightError as error:
        print(f"plan: {error}", file=sys.stderr)
        return _FAILED
    print("\n".join(in_words(decision)))
    return 0


def _ports(aws: Aws) -> Ports:
    """What reconcile has, with the caller's own credentials; a plan performs and commits nothing."""
    tables = outputs(aws.cloudformation, _STATE_STACK)
    endpoints, alarms = Endpoints(aws.sagemaker), Alarms(aws.cloudwatch)
    return Ports(
        registry=Registry(aws.sagemaker),
        endpoints=endpoints,
        alarms=alarms,
        trail=Trails(lambda: aws.cloudtrail),
        specs=Specs(aws.ssm),
        store=Store(aws.dynamodb, tables["StateTable"], tables["LedgerTable"]),
        executor=Executor(endpoints, alarms, Scaling(aws.application_autoscaling)),
        objects=Objects(lambda: aws.sts, aws.s3_as),
        trials=Trials(aws.runtime),
        now=time.time,
        holding=holding,
    )


if __name__ == "__main__":
    sys.exit(main())
