"""The calls by which somebody could take another's powers, and those on artifacts, images and keys.

What they let through does no harm: functions are changed only if they are as they never were, roles, mappings and rules
are put back, and the stack is one that is only called as ours are.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.e2e.matrix.stage import ARTIFACTS, EMPTY_STACK, ROLES, A, B, Stage, arn, role_arn
from tests.e2e.matrix.tried import Call, Part, Undo, part
from tests.e2e.scene import ACCOUNT, BUCKET

_IAM = f"arn:aws:iam::{ACCOUNT}"
_EVERYTHING = "arn:aws:iam::aws:policy/AdministratorAccess"
_NOTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::nobodys/*"}],
    }
)
_NOBODY = json.dumps({"Version": "2012-10-17", "Statement": []})
_SCALING = "sagemaker.application-autoscaling.amazonaws.com"
_STALE, _IS_STALE = {"RevisionId": "00000000-0000-0000-0000-000000000000"}, "PreconditionFailed"
_IMAGE = {"registryId": ACCOUNT, "repositoryName": "inference"}
_OBJECTS = {f"artifact of {letter}": key for letter, key in ARTIFACTS.items() if letter != "C"}


def _roles(undo: Callable[[Any, str], object] | None = None, **more: Any) -> dict[str, Part]:
    """The roles; `undo` is given IAM, and the role's name."""

    def one(name: str) -> Part:
        def put_back(stage: Stage) -> None:
            if undo is not None:
                undo(stage.aws.client("iam"), name)

        return part({"RoleName": name, **more}, undo=put_back)

    return {words: one(name) for words, name in ROLES.items()}


def _no_new_role(stage: Stage) -> None:
    stage.aws.client("iam").delete_role(RoleName="tried-approver")


def _function(more: Mapping[str, Any], undo: Undo | None = None) -> dict[str, Part]:
    def request(stage: Stage) -> dict[str, Any]:
        return {"FunctionName": stage.outputs["ReconcileFunction"], **more}

    return {"reconcile": Part(request, undo=undo)}


def _page(stage: Stage) -> dict[str, Any]:
    return {"FunctionName": stage.outputs["DashboardFunction"], "Payload": b"{}"}


def _mapping(undo: Undo | None = None) -> dict[str, Part]:
    return {"reconcile's queue": Part(lambda stage: {"UUID": stage.mapping()}, undo=undo)}


def _unlimited(stage: Stage) -> None:
    stage.aws.client("lambda").delete_function_concurrency(FunctionName=stage.outputs["ReconcileFunction"])


def _another_mapping(stage: Stage) -> dict[str, Any]:
    queue = arn("sqs", "matrix-absent.fifo")
    return {"FunctionName": stage.outputs["ReconcileFunction"], "EventSourceArn": queue, "Enabled": False}


def _stack(**more: Any) -> dict[str, Part]:
    return {"stack of ours": Part(lambda stage: {"StackName": stage.stack(), **more})}


def _objects(**more: Any) -> dict[str, Part]:
    return {words: part({"Bucket": BUCKET, "Key": key, **more}) for words, key in _OBJECTS.items()}


def _keys() -> dict[str, Part]:
    def of(table: str) -> Part:
        return Part(lambda stage: {"KeyId": stage.key(table)})

    return {"ledger's key": of("LedgerTable"), "state's key": of("StateTable")}


def _ciphertext(stage: Stage) -> dict[str, Any]:
    return {"CiphertextBlob": stage.ciphertext("LedgerTable")}


_BECOMING: dict[str, Call] = {
    "AssumeRole": Call(
        "sts",
        on={
            words: part({"RoleArn": role, "RoleSessionName": "tried"})
            for words, role in {
                "approver's role": role_arn("approver"),
                "registrant's role": role_arn("registrant"),
                "endpoint's role": role_arn("endpoint"),
                "reader's role": role_arn("reader"),
                "monitoring's role": role_arn("monitoring"),
                "reconcile's role": f"{_IAM}:role/greenlight/greenlight-reconcile",
                "retrain's role": f"{_IAM}:role/greenlight/greenlight-retrain",
                "role of B's approver": role_arn("approver", B),
            }.items()
        },
    ),
    "CreateRole": Call(
        "iam",
        on={
            words: part(
                {"RoleName": "tried-approver", "Path": path, "AssumeRolePolicyDocument": _NOBODY},
                undo=_no_new_role,
            )
            for words, path in {"new role of Greenlight": "/greenlight/", "new role": "/"}.items()
        },
    ),
    "DeleteRole": Call("iam", on=_roles(), bounce="DeleteConflict"),
    "PutRolePolicy": Call(
        "iam",
        on=_roles(
            lambda iam, name: iam.delete_role_policy(RoleName=name, PolicyName="tried"),
            PolicyName="tried",
            PolicyDocument=_NOTHING,
        ),
    ),
    "DeleteRolePolicy": Call("iam", on=_roles(PolicyName="tried"), bounce="NoSuchEntity"),
    "AttachRolePolicy": Call(
        "iam",
        on=_roles(
            lambda iam, name: iam.detach_role_policy(RoleName=name, PolicyArn=_EVERYTHING),
            PolicyArn=_EVERYTHING,
        ),
    ),
    "DetachRolePolicy": Call("iam", on=_roles(PolicyArn=_EVERYTHING), bounce="NoSuchEntity"),
    "UpdateAssumeRolePolicy": Call(
        "iam",
        on={
            words: part({"RoleName": name, "PolicyDocument": _NOBODY}, undo=Stage.put_back_trust)
            for words, name in ROLES.items()
        },
    ),
    "CreateServiceLinkedRole": Call(
        "iam",
        on={
            "endpoint scaling": part({"AWSServiceName": _SCALING}),
            "another service": part({"AWSServiceName": "ecs.application-autoscaling.amazonaws.com"}),
        },
        bounce="InvalidInput|AlreadyExists",
    ),
    "Invoke": Call(
        "lambda",
        on={**_function({"Payload": b"{}"}), "the page": Part(_page)},
        asks=("lambda:InvokeFunction",),
    ),
    "UpdateFunctionCode": Call("lambda", on=_function({"ZipFile": b"tried", **_STALE}), bounce=_IS_STALE),
    "UpdateFunctionConfiguration": Call("lambda", on=_function({"Timeout": 3, **_STALE}), bounce=_IS_STALE),
    "PutFunctionConcurrency": Call("lambda", on=_function({"ReservedConcurrentExecutions": 1}, _unlimited)),
    "GetEventSourceMapping": Call("lambda", on=_mapping()),
    "CreateEventSourceMapping": Call(
        "lambda",
        on={"another queue to reconcile": Part(_another_mapping, undo=Stage.put_back_mapping)},
        bounce="InvalidParameterValue",
    ),
    "UpdateEventSourceMapping": Call(
        "lambda", on=_mapping(Stage.keep_held), having={"": part({"Enabled": True})}
    ),
    "DeleteEventSourceMapping": Call("lambda", on=_mapping(Stage.put_back_mapping)),
    "PutRule": Call("events", on={"new rule": part({"Name": "tried", "EventPattern": '{"source": ["x"]}'})}),
    "DisableRule": Call("events", on={"rule of ours": Part(lambda stage: {"Name": stage.rule()})}),
    "UpdateStack": Call(
        "cloudformation", on=_stack(TemplateBody=json.dumps(EMPTY_STACK)), bounce="No updates"
    ),
    "DeleteStack": Call("cloudformation", on=_stack()),
}
_CONTENT: dict[str, Call] = {
    "GetObject": Call("s3", on=_objects()),
    "PutObject": Call("s3", on=_objects(Body=b"tried")),
    "DeleteObject": Call("s3", on=_objects()),
    "ListObjectsV2": Call(
        "s3",
        on={
            words: part({"Bucket": BUCKET, "Prefix": group})
            for words, group in (("prefix of A", A), ("prefix of B", B))
        },
        asks=("s3:ListBucket",),
    ),
    "GetAuthorizationToken": Call("ecr", on={"the account": part({})}),
    "BatchGetImage": Call(
        "ecr", on={"image": part({**_IMAGE, "imageIds": [{"imageTag": "1"}]})}, bounce="RepositoryNotFound"
    ),
    "BatchCheckLayerAvailability": Call(
        "ecr", on={"image": part({**_IMAGE, "layerDigests": ["sha256:0"]})}, bounce="RepositoryNotFound"
    ),
    "GetDownloadUrlForLayer": Call(
        "ecr", on={"image": part({**_IMAGE, "layerDigest": "sha256:0"})}, bounce="RepositoryNotFound"
    ),
    "Decrypt": Call("kms", on={"what the ledger's key encrypted": Part(_ciphertext)}),
    "Encrypt": Call("kms", on=_keys(), having={"": part({"Plaintext": b"tried"})}),
    "GenerateDataKey": Call("kms", on=_keys(), having={"": part({"KeySpec": "AES_256"})}),
    "DescribeKey": Call("kms", on=_keys()),
    "CreateGrant": Call(
        "kms",
        on=_keys(),
        having={"": part({"GranteePrincipal": role_arn("endpoint"), "Operations": ["Decrypt"]})},
    ),
    "ScheduleKeyDeletion": Call("kms", on=_keys()),
}
CALLS = {**_BECOMING, **_CONTENT}
