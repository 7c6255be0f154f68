"""Puts `reconcile` together: the one place where its adapters are chosen."""

import os
import time
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from lambdas.adapters.alarms import Alarms
from lambdas.adapters.aws import Aws
from lambdas.adapters.calendar import holding
from lambdas.adapters.endpoints import Endpoints
from lambdas.adapters.executor import Executor
from lambdas.adapters.monitoring import Monitoring
from lambdas.adapters.objects import Objects
from lambdas.adapters.pipelines import Pipelines
from lambdas.adapters.queue import DeadLetters, Queue, RetrainQueue
from lambdas.adapters.registry import Registry
from lambdas.adapters.scaling import Scaling
from lambdas.adapters.specs import Specs
from lambdas.adapters.store import Store
from lambdas.adapters.trails import Trails
from lambdas.adapters.trials import Trials
from lambdas.core.settings import from_environment
from lambdas.reconcile.ports import Ports
from lambdas.reconcile.report import Report
from lambdas.reconcile.settings import ReconcileSettings


@dataclass(frozen=True)
class App:
    """The function, ready to work."""

    ports: Ports
    queue: Queue
    dead_letters: DeadLetters
    report: Report


def compose() -> App:
    """Read the environment and make the clients, once for each execution environment."""
    settings = from_environment(ReconcileSettings, os.environ)
    aws = Aws()
    return App(
        ports=ports_of(
            aws, Store(aws.dynamodb, settings.state_table, settings.ledger_table), settings.retrain_url
        ),
        queue=Queue(aws.sqs, settings.queue_url),
        dead_letters=DeadLetters(aws.sqs, settings.dead_letter_url),
        report=Report(Logger(service="reconcile")),
    )


def ports_of(aws: Aws, store: Store, retrain_url: str) -> Ports:
    """The adapters by which a group is looked at.

    Args:
        aws: with whose credentials.
        store: record and ledger.
        retrain_url: of the queue that `retrain` reads.
    """
    endpoints, alarms, monitoring = (
        Endpoints(aws.sagemaker),
        Alarms(aws.cloudwatch),
        Monitoring(aws.sagemaker),
    )
    retraining = RetrainQueue(aws.sqs, retrain_url)
    objects = Objects(lambda: aws.sts, aws.s3_as)
    return Ports(
        registry=Registry(aws.sagemaker),
        endpoints=endpoints,
        alarms=alarms,
        trail=Trails(lambda: aws.cloudtrail),
        specs=Specs(aws.ssm),
        store=store,
        executor=Executor(endpoints, alarms, Scaling(aws.application_autoscaling), monitoring, retraining),
        objects=objects,
        trials=Trials(aws.runtime, objects.reader),
        pipelines=Pipelines(aws.sagemaker),
        monitoring=monitoring,
        now=time.time,
        holding=holding,
    )
