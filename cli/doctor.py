"""The command `doctor`: whether the account is as Greenlight needs it, and what to do where it is not."""

import functools
import time
from collections.abc import Callable, Iterable, Iterator

import typer
from botocore.exceptions import BotoCoreError, NoCredentialsError, NoRegionError

from cli import findings, out
from cli.account import Account
from cli.findings import Finding, Health, Trail
from cli.reading import Json
from lambdas.adapters.checkup import Checkup, epoch
from lambdas.adapters.concurrently import concurrently
from lambdas.adapters.stacks import outputs
from lambdas.core.errors import Denied, GreenlightError
from lambdas.core.names import AUDITOR, CONTROLLER_STACK, ROLE_PATH
from lambdas.core.spec import GroupSpec

_COLUMN = 13  # wider than any word of `Health`


def doctor(*, json: Json = False) -> None:
    """Check the account: clock, stacks, reconcile, sweep, dead letters, alarms, roles, CloudTrail, quotas.

    It reads and changes nothing. Exit code 1 if a check failed; what could not be checked is said, and fails nothing.

    Example: greenlight doctor
    """
    account = Account()
    checkup = Checkup(account.aws)
    me, date = checkup.caller()
    region = account.aws.sts.meta.region_name
    there = [Finding("account", Health.OK, f"you are {me}, in {region}")]
    there += findings.clock(epoch(date), time.time()) if date else []
    found = there + [one for several in _all(account, checkup) for one in several]
    if json:
        out.as_json([{"do": None, **vars(one)} for one in found])
    else:
        for one in found:
            out.say(f"{one.health.value:<{_COLUMN}}{one.check}: {one.found}")
            out.say(*([f"{'':<{_COLUMN}}{one.do}"] if one.do else []))
    if any(one.health is Health.FAILED for one in found):
        raise typer.Exit(out.NO)


def _all(account: Account, checkup: Checkup) -> list[list[Finding]]:
    """Every check; none stops another."""

    groups = account.groups

    def of_controller(name: str) -> str:
        return outputs(account.aws.cloudformation, CONTROLLER_STACK)[name]

    checks: dict[str, Callable[[], Iterable[Finding]]] = {
        "stacks": lambda: findings.stacks(checkup.stacks(), groups()),
        "reconcile": lambda: findings.mapping(checkup.mappings(of_controller("ReconcileFunction"))),
        "sweep": lambda: findings.swept(account.store.swept().at, time.time()),
        "dead letters": lambda: findings.dead_letters(checkup.messages(of_controller("DeadLetterUrl"))),
        "alarms": lambda: findings.alarms(checkup.alarms()),
        "roles": lambda: findings.roles(checkup.roles(ROLE_PATH), groups()),
        "trail": lambda: findings.trails([Trail(*one) for one in checkup.trails()]),
        "quotas": lambda: findings.quotas(list(_specs(account, groups())), checkup.quotas()),
    }
    return concurrently(*(functools.partial(_checked, name, check) for name, check in checks.items()))


def _specs(account: Account, groups: Iterable[str]) -> Iterator[GroupSpec]:
    for read in concurrently(*(functools.partial(account.specs.read, group) for group in groups)):
        if read.spec is not None:
            yield read.spec


def _checked(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    try:
        return list(check())
    except (NoCredentialsError, NoRegionError):
        raise
    except Denied as error:
        return [Finding(name, Health.UNKNOWN, str(error), f"run it as {AUDITOR}, which may")]
    except (GreenlightError, BotoCoreError) as error:
        return [Finding(name, Health.UNKNOWN, str(error))]
