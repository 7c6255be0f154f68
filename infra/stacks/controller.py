"""The machinery: queues, rules, functions, schedules, and alarms on all of them. Replaceable at any time."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from infra.config.governance import MessagesConfig
from infra.constructs import permissions
from infra.constructs.break_glass_watch import BreakGlassWatch
from infra.constructs.controller_key import controller_key
from infra.constructs.function import Function
from infra.constructs.outlets import Outlets
from infra.constructs.queues import Queues
from infra.constructs.rules import Rules
from infra.constructs.schedules import SweepSchedules
from infra.constructs.watch import Watch
from infra.limits import (
    ANNOUNCE_BATCH,
    ANNOUNCE_HOURS,
    ANNOUNCE_SECONDS,
    ANNOUNCE_TRIES,
    BATCH,
    OTHERS_MB,
    RECONCILE_MB,
    RECONCILE_SECONDS,
    RETRAIN_BATCH,
    RETRAIN_CONCURRENCY,
    RETRAIN_SECONDS,
    VISIBILITY_SECONDS,
)
from infra.stacks.state import StateStack
from lambdas.announce.settings import AnnounceSettings
from lambdas.core.announcements import chosen_text
from lambdas.reconcile.settings import ReconcileSettings
from lambdas.retrain.settings import RetrainSettings
from lambdas.sweep.settings import SweepSettings

_OWN_DEAD_LETTERS = (
    "only its queue calls it, and messages that fail every try go to that queue's own dead-letter queue"
)


class ControllerStack(cdk.Stack):
    """Looks at groups when events or the sweep say so, and tells what it records.

    Args:
        state: whose tables it reads and writes.
        concurrency: how many batches reconcile works on at once (2 to 1000): the cap on SageMaker's rate limits.
        snap_start: whether the functions that queues feed start from snapshots.
        break_glass: whether there is a role whose use is to be told and recorded.
        messages: what is told to whom, and how urgently.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        state: StateStack,
        concurrency: int,
        snap_start: bool,
        break_glass: bool,
        messages: MessagesConfig,
        **options: object,
    ) -> None:
        super().__init__(scope, construct_id, **options)  # type: ignore[arg-type] # passed through to cdk.Stack
        self._snap_start = snap_start
        self.queues = queues = Queues(self, visibility=cdk.Duration.seconds(VISIBILITY_SECONDS))
        self.key = controller_key(self)
        reconcile = self._reconcile(state, queues, concurrency)
        self.reconcile = reconcile.function
        sweep = self._sweep(state, queues)
        retrain = self._retrain(state, queues)
        Rules(self, queues)
        SweepSchedules(self, sweep.function, queues.undelivered)
        self.watch = watch = Watch(
            self, queues, {"reconcile": reconcile.function, "sweep": sweep.function}, self.key
        )
        if break_glass:
            BreakGlassWatch(self, queues, watch)
        outlets = Outlets(self, key=self.key, mail=messages.mail)
        announce = self._announce(state, queues, outlets, watch, messages)
        self.functions = {
            "reconcile": reconcile.function,
            "sweep": sweep.function,
            "announce": announce.function,
            "retrain": retrain.function,
        }
        watch.on_announcements(announce.function, queues.unannounced)
        watch.on_retraining(retrain.function, queues.retrain_dead_letters)
        cdk.CfnOutput(self, "AlarmTopic", value=watch.topic.topic_arn)
        cdk.CfnOutput(self, "MessageTopic", value=outlets.topic.topic_arn)
        cdk.CfnOutput(self, "EventBus", value=outlets.bus.event_bus_name)
        cdk.CfnOutput(self, "UnannouncedUrl", value=queues.unannounced.queue_url)
        cdk.CfnOutput(self, "QueueUrl", value=queues.reconcile.queue_url)
        cdk.CfnOutput(self, "DeadLetterUrl", value=queues.dead_letters.queue_url)
        cdk.CfnOutput(self, "ReconcileFunction", value=reconcile.function.function_name)
        cdk.CfnOutput(self, "SweepFunction", value=sweep.function.function_name)
        cdk.CfnOutput(self, "AnnounceFunction", value=announce.function.function_name)
        cdk.CfnOutput(self, "RetrainFunction", value=retrain.function.function_name)
        cdk.CfnOutput(self, "RetrainUrl", value=queues.retrain.queue_url)
        cdk.CfnOutput(self, "RetrainDeadLetterUrl", value=queues.retrain_dead_letters.queue_url)

    def _reconcile(self, state: StateStack, queues: Queues, concurrency: int) -> Function:
        reconcile = Function(
            self,
            "reconcile",
            settings=ReconcileSettings(
                state_table=state.state.table_name,
                ledger_table=state.ledger.table_name,
                queue_url=queues.reconcile.queue_url,
                dead_letter_url=queues.dead_letters.queue_url,
                retrain_url=queues.retrain.queue_url,
            ),
            timeout=cdk.Duration.seconds(RECONCILE_SECONDS),
            memory=RECONCILE_MB,
            key=self.key,
            dead_letters=_OWN_DEAD_LETTERS,
            snap_start=self._snap_start,
        )
        reconcile.may(
            [
                *permissions.reconcile_tables(
                    state.state.table_arn, state.ledger.table_arn, state.key.key_arn, state.ledger_key.key_arn
                ),
                *permissions.read_spec(),
                *permissions.reconcile_registry(),
                *permissions.reconcile_trail(),
                *permissions.reconcile_readers(),
                *permissions.reconcile_endpoints(),
                *permissions.reconcile_monitoring(),
                *permissions.reconcile_runs(),
                *permissions.reconcile_smoke_tests(),
                *permissions.reconcile_alarms(),
                *permissions.reconcile_scaling(),
                *permissions.reconcile_queues(
                    queues.reconcile.queue_arn, queues.dead_letters.queue_arn, queues.retrain.queue_arn
                ),
            ]
        )
        reconcile.called.add_event_source(
            sources.SqsEventSource(
                queues.reconcile,
                batch_size=BATCH,
                report_batch_item_failures=True,
                max_concurrency=concurrency,
            )
        )
        return reconcile

    def _sweep(self, state: StateStack, queues: Queues) -> Function:
        sweep = Function(
            self,
            "sweep",
            settings=SweepSettings(state_table=state.state.table_name, queue_url=queues.reconcile.queue_url),
            timeout=cdk.Duration.minutes(5),
            memory=OTHERS_MB,
            key=self.key,
            dead_letters=queues.undelivered,
        )
        sweep.may(
            [
                *permissions.sweep_tables(state.state.table_arn, state.key.key_arn),
                *permissions.list_specs(),
                *permissions.sweep_search(queues.reconcile.queue_arn),
            ]
        )
        return sweep

    def _retrain(self, state: StateStack, queues: Queues) -> Function:
        retrain = Function(
            self,
            "retrain",
            settings=RetrainSettings(
                state_table=state.state.table_name, reconcile_queue_url=queues.reconcile.queue_url
            ),
            timeout=cdk.Duration.seconds(RETRAIN_SECONDS),
            memory=OTHERS_MB,
            key=self.key,
            dead_letters=_OWN_DEAD_LETTERS,
            snap_start=self._snap_start,
        )
        retrain.may(
            permissions.retrain(
                state.state.table_arn,
                state.key.key_arn,
                queues.retrain.queue_arn,
                queues.reconcile.queue_arn,
            )
        )
        retrain.called.add_event_source(
            sources.SqsEventSource(
                queues.retrain,
                batch_size=RETRAIN_BATCH,
                report_batch_item_failures=True,
                max_concurrency=RETRAIN_CONCURRENCY,
            )
        )
        return retrain

    def _announce(
        self, state: StateStack, queues: Queues, outlets: Outlets, watch: Watch, messages: MessagesConfig
    ) -> Function:
        announce = Function(
            self,
            "announce",
            settings=AnnounceSettings(
                ledger_table=state.ledger.table_name,
                event_bus=outlets.bus.event_bus_name,
                message_topic=outlets.topic.topic_arn,
                alarm_topic=watch.topic.topic_arn,
                unannounced_url=queues.unannounced.queue_url,
                urgencies=chosen_text(messages.urgencies),
            ),
            timeout=cdk.Duration.seconds(ANNOUNCE_SECONDS),
            memory=OTHERS_MB,
            key=self.key,
            dead_letters=queues.unannounced,
            snap_start=self._snap_start,
        )
        stream = str(state.ledger.table_stream_arn)
        topics = [outlets.topic.topic_arn, watch.topic.topic_arn]
        announce.may(
            [
                *permissions.announce_ledger(state.ledger.table_arn, stream, state.ledger_key.key_arn),
                *permissions.announce_outlets(
                    outlets.bus.event_bus_arn, topics, self.key.key_arn, queues.unannounced.queue_arn
                ),
            ]
        )
        announce.called.add_event_source(
            sources.DynamoEventSource(
                state.ledger,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=ANNOUNCE_BATCH,
                bisect_batch_on_error=True,
                report_batch_item_failures=True,
                retry_attempts=ANNOUNCE_TRIES,
                max_record_age=cdk.Duration.hours(ANNOUNCE_HOURS),
                on_failure=sources.SqsDlq(queues.unannounced),
            )
        )
        return announce
