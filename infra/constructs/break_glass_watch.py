"""Tells people, and the account's ledger, of every use of the break-glass role."""

from typing import Any

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.queues import Queues
from infra.constructs.rules import CLOUDTRAIL, RETRY, let_in, to_queue
from infra.constructs.watch import Watch
from lambdas.core.names import BREAK_GLASS, ROLE_PATH

# AssumeRole is a read-only management event to CloudTrail, and these reach a rule only if it asks for them
# [EventBridge guide, "AWS service events delivered via AWS CloudTrail"].
_WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
_IN_WORDS = (
    '"Greenlight: break-glass was used. <who> called <what> at <when>. If nobody told you why, ask now: '
    "see docs/operations.md, 'Break-glass'.\""
)


class BreakGlassWatch(Construct):
    """Two rules: somebody stepped in, somebody in the role wrote something; and an alarm on either.

    Stepping in by way of STS's global endpoint is logged in us-east-1 only, where these rules may not be; what is then
    done here is seen by the second.
    """

    def __init__(self, scope: Construct, queues: Queues, watch: Watch) -> None:
        super().__init__(scope, "BreakGlass")
        arns = [f"arn:{partition}:iam::" for partition in ("aws", "aws-cn", "aws-us-gov")]
        entered = {
            "eventSource": ["sts.amazonaws.com"],
            "eventName": ["AssumeRole"],
            "errorCode": [{"exists": False}],
            "requestParameters": {
                "roleArn": [{"wildcard": f"{arn}*:role{ROLE_PATH}{BREAK_GLASS}"} for arn in arns]
            },
        }
        used = {
            "readOnly": [False],
            "userIdentity": {"sessionContext": {"sessionIssuer": {"userName": [BREAK_GLASS]}}},
        }
        sources = ["aws.sagemaker", "aws.lambda", "aws.monitoring", "aws.iam"]
        rules = [
            self._rule("Entered", ["aws.sts"], entered, queues, watch, state=_WITH_READS),
            self._rule("Used", sources, used, queues, watch),
        ]
        let_in(queues, "BreakGlass", rules)

    def _rule(
        self,
        name: str,
        sources: list[str],
        detail: dict[str, Any],
        queues: Queues,
        watch: Watch,
        *,
        state: str = "ENABLED",
    ) -> events.CfnRule:
        tell = events.CfnRule.TargetProperty(
            id="people",
            arn=watch.topic.topic_arn,
            input_transformer=events.CfnRule.InputTransformerProperty(
                input_paths_map={
                    "who": "$.detail.userIdentity.arn",
                    "what": "$.detail.eventName",
                    "when": "$.detail.eventTime",
                },
                input_template=_IN_WORDS,
            ),
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=queues.undelivered.queue_arn),
            retry_policy=RETRY,
        )
        rule = events.CfnRule(
            self,
            name,
            description=f"Greenlight: break-glass: {name.lower()}",
            event_pattern={"source": sources, "detail-type": [CLOUDTRAIL], "detail": detail},
            state=state,
            targets=[to_queue(queues, "$.detail.eventID"), tell],
        )
        watch.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"BreakGlass{name}",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[watch.topic.topic_arn],
                conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
            )
        )
        watch.on_rule(f"break-glass-{name.lower()}", rule.ref, f"Break-glass: somebody {_WORDS[name]}")
        return rule


_WORDS = {"Entered": "stepped into the role", "Used": "changed something in the role"}
