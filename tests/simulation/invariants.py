"""The invariants of the design, seen from outside: on every call of a function, and on the ledger at the end."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from lambdas.core.bounds import MOST_BYTES
from lambdas.core.ledger import Entry, first_broken
from lambdas.core.names import abort_alarm, version_in
from lambdas.core.proof import by_approver
from lambdas.core.record import Direction, Head, Record, record_from_json
from tests.simulation.aws.account import LEDGER_TABLE, STATE_TABLE, Call
from tests.simulation.aws.inference import SOUND
from tests.simulation.life import GROUP, Life
from tests.simulation.violation import must

MOVES = ("CreateEndpoint", "UpdateEndpoint")
_ENDS = ("rollout.succeeded", "rollout.failed", "rollout.aborted", "rollout.superseded")


@dataclass
class Invariants:
    """Watches every call; `served`: when each config last began to take traffic."""

    life: Life
    served: dict[str, float] = field(default_factory=dict)
    moves: int = 0
    _doomed: str | None = None
    _serving: set[str] = field(default_factory=set)

    def before(self, call: Call) -> None:
        """A call is about to take effect: what it would delete is still there to be looked at."""
        self._doomed = None
        if call.operation == "DeleteEndpointConfig" and call.function != "person":
            self._doomed = self._may_delete(str(call.request["EndpointConfigName"]))

    def after(self, call: Call) -> None:
        """A call took effect."""
        self._note()
        if call.function == "person":
            return
        must(self._doomed is None, self._doomed or "")
        writes = call.service == "sagemaker" and call.operation != "Search"
        must(not (call.function.startswith("sweep") and writes), "the sweep writes")
        if call.operation in MOVES:
            self._may_move(call)
        if call.operation == "TransactWriteItems":
            self._may_record(call)
        if call.operation == "PutMetricData" and call.request["MetricData"][0]["Value"] >= 1:
            self._may_abort()

    def _note(self) -> None:
        """What serves now, and what SageMaker gave up."""
        now, serving = self.life.aws.clock.now(), set(self.life.aws.serving(GROUP))
        self.served |= dict.fromkeys(serving - self._serving, now)
        self._serving = serving

    def _record(self) -> Record:
        must(self.life.has_record(), "8: an effect without a record")
        return self.life.record()

    def _may_move(self, call: Call) -> None:
        """1, 2, 7, 8, 11, 13, 14, 19."""
        self.moves += 1
        life, config = self.life, str(call.request["EndpointConfigName"])
        record = self._record()
        rollout = record.rollout
        must(rollout is not None and rollout.config == config, f"8: {config} is started without its intent")
        number = version_in(config)
        must(number in life.versions, f"5: {config} is of no version")
        known = life.versions[number or 0]
        placement = record.placement(config)
        forward = placement is None or placement.live_at is None
        must(
            not record.is_newer or rollout is None or rollout.direction is Direction.BACKWARD,
            f"19: v{number} goes {rollout and rollout.direction} on a newer release's record",
        )
        if forward:
            must(self._was_read(call, known.number), f"1: v{number} starts without a fresh read")
        must(
            not known.by_intruder or not (forward or self._refuses(record, known.number)),
            f"11: v{number} starts, approved by somebody who may not",
        )
        must(not known.before_us, f"9: v{number} starts, approved before the group's spec")
        content = life.content_behind(config)
        must(
            content in known.approved,
            f"2: v{number} starts with content that nobody else approved: {content}",
        )
        if call.operation == "UpdateEndpoint":
            self._watched(call, config, record)

    def _refuses(self, record: Record, number: int) -> bool:
        """Whether the record knows that the approval is not an approver's. Of a way back, whose content was approved
        and served, nobody waits for CloudTrail to say so: see docs/security.md."""
        by = record.versions[number].by
        return by is None or not by_approver(self.life.spec, by)

    def _was_read(self, call: Call, number: int) -> bool:
        """Whether this very invocation described the version, and it was Approved then."""
        mine = [one for one in self.life.aws.log if one.function == call.function]
        arn = self.life.arn(number).lower()
        return any(
            one.operation == "DescribeModelPackage" and one.request["ModelPackageName"].lower() == arn
            for one in mine
        )

    def _watched(self, call: Call, config: str, record: Record) -> None:
        serverless = self._is_serverless(config)
        must(
            serverless is ("DeploymentConfig" not in call.request),
            "13: guardrails where AWS has none, or none",
        )
        if serverless:
            made = self.life.aws.alarms.names()
            must(
                any(config in name for name in made),
                "13: a serverless version without its alarm for probation",
            )
            return
        deployment = call.request["DeploymentConfig"]
        alarms = [
            one["AlarmName"] for one in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])
        ]
        rollout = record.rollout
        backward = rollout is not None and rollout.direction.value == "backward"
        if backward:
            must(not alarms, "14: an alarm can stop the way back")
            return
        must(abort_alarm(GROUP) in alarms, "13: a rollout that cannot be aborted")
        must(any(config in name for name in alarms), "13: a rollout without its guardrail")
        others = [name for name in alarms if name != abort_alarm(GROUP) and config not in name]
        must(not others, f"14: alarms of another fleet watch: {others}")

    def _is_serverless(self, config: str) -> bool:
        found = self.life.aws.sagemaker._account.state.configs.get(config.lower())
        return found is not None and "ServerlessConfig" in found.fields["ProductionVariants"][0]

    def _may_delete(self, name: str) -> str | None:
        """5, 10: why a config must not be deleted; None: it may."""
        endpoint, record = self.life.endpoint() or {}, self._record()
        pending = endpoint.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
        if name in {endpoint.get("EndpointConfigName"), pending}:
            return f"10: the live config {name} is deleted"
        if name == self._last_known_good(record):
            return f"10: the last known good config {name} is deleted"
        return None if version_in(name) is not None else f"5: {name} is not ours, and deleted"

    def _last_known_good(self, record: Record) -> str | None:
        """What served before what serves now, another version that nothing speaks against."""
        life = self.life
        now = set(life.aws.serving(GROUP))
        current = {version_in(config) for config in now}
        past = sorted(self.served.items(), key=lambda one: one[1], reverse=True)
        for config, _ in past:
            number = version_in(config)
            decided, placement = record.versions.get(number or 0), record.placement(config)
            if decided is None or placement is None or number in current:
                continue
            if life.versions[number or 0].by_intruder:
                continue
            good = decided.approval.value == "Approved" and decided.failed is None
            good = good and not self._refuses(record, number or 0)
            if good and placement.live_at and life.uri_behind(config) is not None:
                return config
        return None

    def _may_abort(self) -> None:
        """4."""
        record = self._record()
        rollout = record.rollout
        if rollout is None:
            return  # another invocation has gone on; see docs/architecture.md
        must(
            not self._is_serverless(rollout.config), "4: an abort that no alarm of a serverless rollout sees"
        )
        known = self.life.versions.get(rollout.version)
        package = self.life.package(rollout.version)
        against = package is None or package["ModelApprovalStatus"] != "Approved"
        rejected = known is not None and known.rejected_at is not None
        must(against or rejected, f"4: the abort of v{rollout.version}, which nobody rejected")

    def _may_record(self, call: Call) -> None:
        """6, 8, 18, 20: entries follow each other; success is what serves; the record is small; blame fits."""
        for item in call.request["TransactItems"]:
            put = item["Put"]
            if put["TableName"] == STATE_TABLE and self.life.not_its_own:
                self._may_blame(record_from_json(put["Item"]["body"]["S"]))
            if put["TableName"] != LEDGER_TABLE:
                size = len(put["Item"]["body"]["S"])
                must(size <= MOST_BYTES, f"18: a record of {size} bytes")
                continue
            body = json.loads(put["Item"]["body"]["S"])
            if body["kind"] == "rollout.succeeded":
                must(body["data"]["config"] in self.served, "6: success of what never served")
                must(
                    self._passes(body["data"]),
                    f"6: success of v{body['version']}, which fails its smoke test",
                )

    def _may_blame(self, record: Record) -> None:
        for number, decided in record.versions.items():
            against = [words for words in self.life.not_its_own if words in (decided.failed or "")]
            must(not against, f"20: v{number} failed by what is not its own: {against}")

    def _passes(self, success: dict[str, Any]) -> bool:
        """Whether what succeeded answers its smoke test; a way back has none."""
        if self.life.spec.smoke_test is None or self.life.aws.kind_of(success["config"]) == SOUND:
            return True
        started = (one["data"] for one in ledger(self.life) if one["kind"] == "rollout.started")
        return any(one["rollout"] == success["rollout"] and one["direction"] == "backward" for one in started)


def ledger(life: Life) -> list[dict[str, Any]]:
    """The bodies of the group's entries."""
    return [
        json.loads(item["body"]["S"])
        for item in life.aws.tables.items(LEDGER_TABLE)
        if item["group"]["S"] == GROUP
    ]


def check_ledger(life: Life) -> None:
    """8: whole, in order, each thing in it once."""
    items = [item for item in life.aws.tables.items(LEDGER_TABLE) if item["group"]["S"] == GROUP]
    entries = [
        Entry(GROUP, int(i["seq"]["N"]), i["previous"]["S"], i["hash"]["S"], i["body"]["S"]) for i in items
    ]
    head = life.record().head if life.has_record() else Head()
    must(first_broken(GROUP, entries, head) is None, "8: the chain is broken")
    bodies = ledger(life)
    decisions = Counter(
        (b["version"], b["data"]["decided_at"], b["data"]["after"])
        for b in bodies
        if b["kind"] == "decision" and "decided_at" in b["data"]
    )
    must(not decisions or max(decisions.values()) == 1, f"8: a decision twice: {decisions}")
    _check_deciders(life, bodies)
    open_ = ""
    for body in bodies:
        if body["kind"] == "rollout.started":
            must(not open_, f"8: {body} begins before {open_} ended")
            open_ = body["data"]["rollout"]
        if body["kind"] in _ENDS:
            must(body["data"]["rollout"] == open_, f"8: {body} ends what did not begin")
            open_ = ""
    started = [b["data"]["rollout"] for b in bodies if b["kind"] == "rollout.started"]
    must(len(started) == len(set(started)), "8: a rollout twice")
    aborts = Counter(b["data"]["rollout"] for b in bodies if b["kind"] == "rollout.abort")
    must(not aborts or max(aborts.values()) == 1, "4: aborted more than once")
    witnesses = Counter(b["data"]["event"] for b in bodies if b["kind"] == "witness")
    must(not witnesses or max(witnesses.values()) == 1, "8: a witness twice")
    _check_retries(life, bodies)


def _check_deciders(life: Life, bodies: list[dict[str, Any]]) -> None:
    """8: the ledger names as a decision's maker only who wrote that status, and as the reason only their words then.

    Who was named stays named.
    """
    named: dict[tuple[int, float], str] = {}
    for body in bodies:
        data = body["data"]
        if body["kind"] not in {"decision", "decision.corrected"}:
            continue
        place = (body["version"], data.get("corrects", data.get("decided_at")))
        before = named.get(place)
        must(
            before is None or str(data.get("by")).partition(" (source")[0] == before,
            f"8: a decision by {before} is called one by {data.get('by')}",
        )
        if data.get("by") is None:
            continue
        named[place] = str(data["by"]).partition(" (source")[0]
        by, why = str(data["by"]).partition(" (source")[0], data.get("why") or ""
        decided = (body["version"], data["after"], by)
        theirs = [words for *said, words in life.told if tuple(said) == decided]
        must(
            bool(theirs),
            f"8: the ledger says that {by} set v{body['version']} to {data['after']}, who never did",
        )
        shown = why.removesuffix("…")  # long words are cut
        must(
            not why or any(words.startswith(shown) for words in theirs),
            f"8: the ledger gives as words of {by}: {why!r}",
        )


def _good_after(one: dict[str, Any], good: int | None) -> int | None:
    """The version that is live and right after an entry, if one is."""
    if one["kind"] == "rollout.succeeded":
        return int(one["version"])
    against = one["kind"] == "decision" and one["data"].get("after") != "Approved"
    ended = against or one["kind"] in {"rollout.failed", "version.failed"}
    return None if ended and one.get("version") == good else good


def _check_retries(life: Life, bodies: list[dict[str, Any]]) -> None:
    """7: what failed forward starts forward again only after an approval, a changed spec, or a retry; 20: what AWS only
    could not do yet may be tried again; so may what nobody knows the blame of, where nothing good is live."""
    failed: dict[int, str] = {}
    good: int | None = None
    for one in bodies:
        version, data = one.get("version"), one.get("data", {})
        good = _good_after(one, good)
        if one["kind"] == "spec":
            failed = {n: blame for n, blame in failed.items() if blame == "version"}
        if version is None:
            continue
        if one["kind"] in {"rollout.failed", "version.failed"}:
            blame = data.get("blame", "version")
            if blame in {"version", "spec", "unknown"}:
                failed[version] = blame
        if one["kind"] in {"decision", "retry"}:
            failed.pop(version, None)
        again = one["kind"] == "rollout.started" and data["direction"] == "forward" and version in failed
        if again and (failed[version] != "unknown" or good is not None):
            must(life.unordered, f"7: v{version} failed and is tried again by itself")


def state_of(life: Life) -> str:
    """What a history's state is, for counting how many different ones were seen."""
    endpoint = life.endpoint()
    record: Any = None
    for item in life.aws.tables.items(STATE_TABLE):
        if item["group"]["S"] == GROUP:
            record = record_from_json(item["body"]["S"])
    shown = (
        endpoint and (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]),
        record
        and (record.phase, record.live, record.rollout and (record.rollout.config, record.rollout.held)),
        tuple((n, (life.package(n) or {}).get("ModelApprovalStatus")) for n in sorted(life.versions)),
    )
    return repr(shown)
