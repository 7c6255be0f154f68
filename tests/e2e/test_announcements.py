"""What the ledger records is told, to people and to machines: all of it, in order, whatever fails on the way."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas.core.announcements import TELLINGS, Urgency
from lambdas.core.ledger import Kind
from lambdas.core.names import CONTROLLER_STACK, EVENT_BUS, function_role_name
from local.aws import LocalAws
from tests.e2e.scene import Scene
from tests.e2e.test_commands import run
from tests.unit.test_events import validator
from tests.unit.test_messages import HOSTILE

Make = Callable[..., Scene]
GROUP = "told"
_ROLE, _REFUSAL = function_role_name("announce"), "refused-for-a-while"


@dataclass
class Ear:
    """A queue that hears of one group; `heard`: what came, in its order, repeats and all."""

    aws: LocalAws
    url: str
    heard: list[dict[str, Any]] = field(default_factory=list)

    def listen(self) -> list[dict[str, Any]]:
        """All that has come so far."""
        sqs = self.aws.client("sqs")
        while found := sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            for message in found:
                attributes = message.get("MessageAttributes", {})
                told = {name: value["StringValue"] for name, value in attributes.items()}
                self.heard.append({"attributes": told, **json.loads(message["Body"])})
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return self.heard


@dataclass
class Audience:
    """Those who listen: to events on the bus, to messages and to pages by the topics."""

    events: Ear
    messages: Ear
    pages: Ear
    outputs: dict[str, str]

    def until_all_is_told(self, s: Scene) -> None:
        """Wait until every entry of the ledger is an event, and a message where it concerns people."""

        def seek() -> bool | None:
            entries = [(f"{GROUP}/{e.seq}", Kind(e.kind)) for e in s.watch.ledger()]
            loud = [one for one, kind in entries if TELLINGS[kind].urgency is not Urgency.QUIET]
            done = (
                in_order(ids(self.events)) == [one for one, _ in entries]
                and in_order(said(self.messages)) == loud
            )
            return True if done else None

        s.until(f"all to be told; heard {ids(self.events)} and {said(self.messages)}", seek)


def ids(ear: Ear) -> list[str]:
    """The ids of events."""
    return [event["detail"]["id"] for event in ear.listen()]


def said(ear: Ear) -> list[str]:
    """The ids of messages."""
    return [message["attributes"]["id"] for message in ear.listen()]


def in_order(heard: Iterable[str]) -> list[str]:
    """Each once, as it came first."""
    return list(dict.fromkeys(heard))


@pytest.fixture(scope="module")
def audience(aws: LocalAws) -> Iterator[Audience]:
    outputs = aws.outputs(CONTROLLER_STACK)
    ears = {name: _ear(aws, f"audience-{name}") for name in ("events", "messages", "pages")}
    events = aws.client("events")
    events.put_rule(
        Name="audience",
        EventBusName=EVENT_BUS,
        EventPattern=json.dumps({"source": ["greenlight"], "detail": {"group": [GROUP]}}),
    )
    target = {"Id": "ear", "Arn": _arn(aws, "audience-events")}
    events.put_targets(Rule="audience", EventBusName=EVENT_BUS, Targets=[target])
    for name, topic in (("messages", "MessageTopic"), ("pages", "AlarmTopic")):
        aws.client("sns").subscribe(
            TopicArn=outputs[topic],
            Protocol="sqs",
            Endpoint=_arn(aws, f"audience-{name}"),
            Attributes={"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"group": [GROUP]})},
        )
    yield Audience(**ears, outputs=outputs)
    events.remove_targets(Rule="audience", EventBusName=EVENT_BUS, Ids=["ear"])
    events.delete_rule(Name="audience", EventBusName=EVENT_BUS)


def _arn(aws: LocalAws, queue: str) -> str:
    return f"arn:aws:sqs:{aws.region}:{aws.account}:{queue}"


def _ear(aws: LocalAws, name: str) -> Ear:
    services = {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}
    allow = {
        "Effect": "Allow",
        "Principal": services,
        "Action": "sqs:SendMessage",
        "Resource": _arn(aws, name),
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    made = aws.client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy})
    return Ear(aws, made["QueueUrl"])


def set_aside(audience: Audience) -> int:
    """How many entries could not be announced."""
    names = ["ApproximateNumberOfMessages"]
    sqs, url = audience.events.aws.client("sqs"), audience.outputs["UnannouncedUrl"]
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]])


def test_each_entry_of_a_rollout_is_an_event_by_its_schema_and_a_message_and_hostile_words_are_text(
    scene: Make, audience: Audience
) -> None:
    s = scene(GROUP)
    version = s.register()
    s.decide(version, "Approved", HOSTILE.splitlines()[0])  # SageMaker takes one line
    s.until_live(version)
    audience.until_all_is_told(s)
    for event in audience.events.heard:
        assert event["source"] == "greenlight"
        validator(event["detail-type"]).validate(event["detail"])
    (decided,) = (e["detail"] for e in audience.events.heard if e["detail"]["kind"] == "decision")
    assert "<!channel>" in decided["reason"]
    (message,) = (m for m in audience.messages.heard if m["attributes"]["kind"] == "decision")
    assert message["attributes"] == {
        "id": decided["id"],
        "group": GROUP,
        "kind": "decision",
        "urgency": "inform",
    }
    assert "＜！channel＞".replace("！", "!") in message["content"]["description"]  # noqa: RUF001 - as it arrives
    assert not set(message["content"]["description"].replace("*", "")) & set("<>&_~`@[]")
    assert audience.pages.listen() == []


def test_what_pages_is_told_to_the_alarm_topic_too(scene: Make, audience: Audience) -> None:
    s = scene(GROUP)
    s.reject(max(v for v in _versions(s)))
    s.until("the group to be withdrawn", lambda: True if s.kinds()[Kind.WITHDRAWN.value] else None)
    audience.until_all_is_told(s)
    s.until("the page", lambda: audience.pages.listen() or None)
    assert {page["attributes"]["kind"] for page in audience.pages.heard} == {"withdrawn"}


def test_while_the_topic_refuses_nothing_is_lost_or_passed_over(scene: Make, audience: Audience) -> None:
    s = scene(GROUP)
    iam = s.aws.client("iam")
    refusal = {"Effect": "Deny", "Action": "sns:Publish", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [refusal]})
    before = len(audience.messages.listen())
    iam.put_role_policy(RoleName=_ROLE, PolicyName=_REFUSAL, PolicyDocument=document)
    try:
        _decide_anew(s)
        _decide_anew(s)
        last = f"{GROUP}/{_first_new(s, audience)}"
        s.until(
            "the event to be told again and again",
            lambda: True if ids(audience.events).count(last) > 2 else None,
        )
        assert len(audience.messages.listen()) == before
    finally:
        iam.delete_role_policy(RoleName=_ROLE, PolicyName=_REFUSAL)
    audience.until_all_is_told(s)
    assert set_aside(audience) == 0


def test_a_function_that_is_killed_in_the_middle_of_a_batch_loses_and_hides_nothing(
    scene: Make, audience: Audience
) -> None:
    """Its time is made so short, and its calls so long, that a batch of several entries comes to no end."""
    s = scene(GROUP)
    versions, function = [s.register() for _ in range(3)], audience.outputs["AnnounceFunction"]
    audience.until_all_is_told(s)
    before = len(ids(audience.events))
    with _one_second_only(s.aws, function):
        with _deaf(s.aws, function):
            for version in versions:
                s.reject(version)
            for version in versions:
                s.until_said(Kind.DECISION, version)

        def repeats() -> bool | None:
            told = ids(audience.events)[before:]
            return True if len(told) > len(set(told)) else None

        s.until("something to be told again, after a kill", repeats)
    audience.until_all_is_told(s)
    assert set_aside(audience) == 0


@contextmanager
def _deaf(aws: LocalAws, function: str) -> Iterator[None]:
    """Let it hear of nothing meanwhile, so that it hears of all at once then."""
    lambda_ = aws.client("lambda")
    (mapping,) = lambda_.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


@contextmanager
def _one_second_only(aws: LocalAws, function: str) -> Iterator[None]:
    lambda_ = aws.client("lambda")
    usual = lambda_.get_function_configuration(FunctionName=function)["Timeout"]
    lambda_.update_function_configuration(FunctionName=function, Timeout=1)
    aws.control(round_trip=0.3)
    try:
        yield
    finally:
        aws.control(round_trip=0)
        lambda_.update_function_configuration(FunctionName=function, Timeout=usual)


def test_what_was_told_is_told_again_on_request_under_the_same_ids(scene: Make, audience: Audience) -> None:
    s = scene(GROUP)
    before, asked = len(ids(audience.events)), [f"{GROUP}/1", f"{GROUP}/2"]
    done = run(s.aws, "announce", GROUP, "--from", "1", "--to", "2")
    assert (done.returncode, done.stdout) == (0, "2 entries are announced again\n"), done.stderr
    told = [one for one in ids(audience.events)[before:] if one in asked]
    assert told == asked
    nothing = run(s.aws, "announce", GROUP, "--from", "1000")
    assert f"group {GROUP} has no such entries" in nothing.stdout


def _decide_anew(s: Scene) -> None:
    """A decision that moves nothing."""
    s.reject(s.register())


def _versions(s: Scene) -> list[int]:
    found = s.aws.client("sagemaker").list_model_packages(ModelPackageGroupName=GROUP)
    s.arns |= {one["ModelPackageVersion"]: one["ModelPackageArn"] for one in found["ModelPackageSummaryList"]}
    return list(s.arns)


def _first_new(s: Scene, audience: Audience) -> int:
    """The number of the first entry that is no message yet, once it is in the ledger."""
    told = set(said(audience.messages))

    def seek() -> int | None:
        missing = [
            e.seq
            for e in s.watch.ledger()
            if f"{GROUP}/{e.seq}" not in told and TELLINGS[Kind(e.kind)].urgency is not Urgency.QUIET
        ]
        return missing[0] if missing else None

    return s.until("a new entry", seek)
