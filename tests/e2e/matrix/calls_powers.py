"""The calls by which somebody could take another's powers, and those on artifacts, images and keys.

What they let through does no harm; those on roles, functions and stacks are let through for nobody here.
"""

import json
from typing import Any

from tests.e2e.matrix.stage import ARTIFACTS, A, B, Stage, role_arn
from tests.e2e.matrix.tried import Call, Part, part
from tests.e2e.scene import ACCOUNT, BUCKET

_IAM = f"arn:aws:iam::{ACCOUNT}"
_NOBODY = json.dumps({"Version": "2012-10-17", "Statement": []})
_ROLES = {"approver's role": f"{A}-approver", "reconcile's role": "greenlight-reconcile"}
_SCALING = "sagemaker.application-autoscaling.amazonaws.com"
_STACK = {"StackName": "Greenlight-Controller"}
_IMAGE = {"registryId": ACCOUNT, "repositoryName": "inference"}
_OBJECTS = {f"artifact of {letter}": key for letter, key in ARTIFACTS.items() if letter != "C"}


def _roles(**more: Any) -> dict[str, Part]:
    return {words: part({"RoleName": name, **more}) for words, name in _ROLES.items()}


def _function(**more: Any) -> dict[str, Part]:
    return {"reconcile": Part(lambda stage: {"FunctionName": stage.outputs["ReconcileFunction"], **more})}


def _mapping() -> dict[str, Part]:
    return {"reconcile's queue": Part(lambda stage: {"UUID": stage.mapping()})}


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
                "reconcile's role": f"{_IAM}:role/greenlight/greenlight-reconcile",
                "role of B's approver": role_arn("approver", B),
            }.items()
        },
    ),
    "CreateRole": Call(
        "iam",
        on={
            words: part({"RoleName": "tried-approver", "Path": path, "AssumeRolePolicyDocument": _NOBODY})
            for words, path in {"new role of Greenlight": "/greenlight/", "new role": "/"}.items()
        },
    ),
    "DeleteRole": Call("iam", on=_roles()),
    "PutRolePolicy": Call("iam", on=_roles(PolicyName="tried", PolicyDocument=_NOBODY)),
    "DeleteRolePolicy": Call("iam", on=_roles(PolicyName="tried")),
    "AttachRolePolicy": Call("iam", on=_roles(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")),
    "DetachRolePolicy": Call("iam", on=_roles(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")),
    "UpdateAssumeRolePolicy": Call("iam", on=_roles(PolicyDocument=_NOBODY)),
    "CreateServiceLinkedRole": Call(
        "iam",
        on={
            "endpoint scaling": part({"AWSServiceName": _SCALING}),
            "another service": part({"AWSServiceName": "ecs.application-autoscaling.amazonaws.com"}),
        },
        bounce="InvalidInput",
    ),
    "Invoke": Call("lambda", on=_function(Payload=b"{}"), asks=("lambda:InvokeFunction",)),
    "UpdateFunctionCode": Call("lambda", on=_function(ZipFile=b"tried")),
    "UpdateFunctionConfiguration": Call("lambda", on=_function(Timeout=3)),
    "PutFunctionConcurrency": Call("lambda", on=_function(ReservedConcurrentExecutions=0)),
    "GetEventSourceMapping": Call("lambda", on=_mapping()),
    "UpdateEventSourceMapping": Call("lambda", on=_mapping(), having={"": part({"Enabled": True})}),
    "PutRule": Call("events", on={"new rule": part({"Name": "tried", "EventPattern": '{"source": ["x"]}'})}),
    "UpdateStack": Call("cloudformation", on={"controller": part({**_STACK, "TemplateBody": "{}"})}),
    "DeleteStack": Call("cloudformation", on={"controller": part(_STACK)}),
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
