"""The policies of synthesized templates, found by what they are, with every reference resolved to a plausible ARN."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.infra.conftest import Assembly

ACCOUNT, REGION, PARTITION = "123456789012", "us-east-1", "aws"
_PSEUDO = {
    "AWS::Partition": PARTITION,
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::URLSuffix": "amazonaws.com",
}
_HERE = f"{REGION}:{ACCOUNT}"
_KEY = "11111111-2222-3333-4444-555555555555"
# `{}` is the resource's name in its template, or its logical id.
_ARNS = {
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{_HERE}:alarm:{{}}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{_HERE}:table/{{}}",
    "AWS::Events::EventBus": f"arn:aws:events:{_HERE}:event-bus/{{}}",
    "AWS::Events::Rule": f"arn:aws:events:{_HERE}:rule/{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:{_HERE}:key/{_KEY}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{_HERE}:function:{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{_HERE}:log-group:{{}}:*",
    "AWS::SNS::Topic": f"arn:aws:sns:{_HERE}:{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{_HERE}:{{}}",
}
_NAMES = ("QueueName", "TopicName", "TableName", "FunctionName", "AlarmName", "LogGroupName", "Name")
_REF_IS_ARN = ("AWS::SNS::Topic", "AWS::IAM::ManagedPolicy")


@dataclass(frozen=True)
class Document:
    """A policy document; `kind` is the property that holds it, `where` says which one it is."""

    where: str
    kind: str
    policy: dict[str, Any]

    @property
    def statements(self) -> list[dict[str, Any]]:
        """Its statements."""
        return listed(self.policy["Statement"])


@dataclass(frozen=True)
class Role:
    """A role of some template: what it is allowed and denied, who may step into it, and what bounds it."""

    arn: str
    statements: list[dict[str, Any]]
    trust: list[dict[str, Any]]
    boundary: list[dict[str, Any]] | None

    @property
    def name(self) -> str:
        """The last part of its ARN."""
        return self.arn.rsplit("/", 1)[1]


Resource = tuple[str, str, str, dict[str, Any]]
"""A stack, a logical id, a type, and properties with every reference resolved."""


class Templates:
    """All templates of an assembly, which may refer to each other's exports."""

    def __init__(self, assembly: Assembly) -> None:
        self._templates = {stack: json.loads(assembly.text(stack)) for stack in assembly.stacks()}
        self._exports = {
            self._value(stack, output["Export"]["Name"]): (stack, output["Value"])
            for stack, template in self._templates.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }

    def documents(self) -> list[Document]:
        """Every policy document in any property of any resource."""
        return [
            Document(f"{stack}/{identifier}{path}", kind, self._value(stack, policy))
            for stack, identifier, resource in self._resources()
            for path, kind, policy in _documents(resource.get("Properties", {}))
        ]

    def resources(self) -> list[Resource]:
        """Every resource that is about permissions or SageMaker, or runs code at deployment."""
        kinds = ("AWS::IAM::", "AWS::SageMaker::", "AWS::CloudFormation::", "Custom::")
        return [
            (stack, identifier, resource["Type"], self._value(stack, resource.get("Properties", {})))
            for stack, identifier, resource in self._resources()
            if resource["Type"].startswith(kinds)
        ]

    def arns(self, kind: str) -> list[str]:
        """The ARNs of the resources of a type."""
        return [self._arn(stack, name) for stack, name, found in self._resources() if found["Type"] == kind]

    def roles(self) -> list[Role]:
        """Every role, by ARN, with the policies that its own template or a policy's attaches to it."""
        found = [
            self._role(stack, i, r) for stack, i, r in self._resources() if r["Type"] == "AWS::IAM::Role"
        ]
        return sorted(found, key=lambda role: role.arn)

    def _role(self, stack: str, identifier: str, resource: dict[str, Any]) -> Role:
        properties = self._value(stack, resource["Properties"])
        arn = self._arn(stack, identifier)
        policies = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        policies += [self._managed(each) for each in properties.get("ManagedPolicyArns", [])]
        for other, one, attached in self._resources():
            kind, names = attached["Type"], attached.get("Properties", {}).get("Roles", [])
            if kind not in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
                continue
            if arn.rsplit("/", 1)[1] in self._value(other, names):
                policies.append(
                    self._value(other, self._templates[other]["Resources"][one])["Properties"][
                        "PolicyDocument"
                    ]
                )
        bound = properties.get("PermissionsBoundary")
        return Role(
            arn,
            [statement for policy in policies for statement in listed(policy["Statement"])],
            listed(properties["AssumeRolePolicyDocument"]["Statement"]),
            None if bound is None else listed(self._managed(bound)["Statement"]),
        )

    def _managed(self, arn: str) -> dict[str, Any]:
        """A managed policy of ours by its ARN; AWS's own are not in any template."""
        for stack, identifier, resource in self._resources():
            if resource["Type"] == "AWS::IAM::ManagedPolicy" and self._arn(stack, identifier) == arn:
                return dict(self._value(stack, resource["Properties"]["PolicyDocument"]))
        raise AssertionError(f"{arn} is no managed policy of these templates")

    def _resources(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for stack, template in self._templates.items():
            for identifier, resource in template["Resources"].items():
                yield stack, identifier, resource

    def _value(self, stack: str, value: Any) -> Any:
        """A value of a template, resolved."""
        if isinstance(value, list):
            return [self._value(stack, part) for part in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref":
                return self._ref(stack, argument)
            if function == "Fn::GetAtt":
                return self._attribute(stack, argument)
            if function == "Fn::Join":
                return str(argument[0]).join(self._value(stack, part) for part in argument[1])
            if function == "Fn::Sub":
                return re.sub(r"\$\{([^}]+)\}", lambda match: self._ref(stack, match[1]), argument)
            if function == "Fn::ImportValue":
                return self._value(*self._exports[argument])
            if function.startswith("Fn::"):
                raise AssertionError(f"the tests do not know {function}")
        return {key: self._value(stack, part) for key, part in value.items()}

    def _ref(self, stack: str, name: str) -> str:
        if name in _PSEUDO:
            return _PSEUDO[name]
        if self._templates[stack]["Resources"][name]["Type"] in _REF_IS_ARN:
            return self._arn(stack, name)
        return self._name(stack, name)

    def _attribute(self, stack: str, path: list[str]) -> str:
        identifier, attribute = path
        if attribute == "StreamArn":
            # In AWS the label is a time; its colons would confuse the linter.
            return f"{self._arn(stack, identifier)}/stream/2026"
        if attribute.endswith("Arn"):
            return self._arn(stack, identifier)
        return f"{self._name(stack, identifier)}.{attribute}"

    def _arn(self, stack: str, identifier: str) -> str:
        resource = self._templates[stack]["Resources"][identifier]
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
            what = "role" if kind == "AWS::IAM::Role" else "policy"
            path = properties.get("Path", "/")
            return f"arn:aws:iam::{ACCOUNT}:{what}{path}{self._name(stack, identifier)}"
        if kind not in _ARNS:
            raise AssertionError(f"the tests do not know the ARN of {kind}")
        return _ARNS[kind].format(self._name(stack, identifier))

    def _name(self, stack: str, identifier: str) -> str:
        resource = self._templates[stack]["Resources"][identifier]
        properties = resource.get("Properties", {})
        names = ("RoleName", "ManagedPolicyName", *_NAMES)
        return next(
            (str(self._value(stack, properties[key])) for key in names if key in properties), identifier
        )


def listed(value: Any) -> list[Any]:
    """IAM takes one for a list of one."""
    return value if isinstance(value, list) else [value]


def _documents(value: Any, path: str = "", kind: str = "") -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every document in a property, where it is, and the last property above it."""
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from _documents(part, f"{path}/{index}", kind)
    elif isinstance(value, dict):
        if "Statement" in value:
            yield path, kind, value
        for key, part in value.items():
            yield from _documents(part, f"{path}/{key}", key)
