"""What SageMaker is known to answer when it does not do what it is asked: by name, to be given as a fault.

`CALLS` refuse a call before it has any effect; `ENDINGS` are an endpoint's FailureReason, with which a deployment ends.
The words are AWS's own as far as public issues quote them; what they name is made up.
"""

from __future__ import annotations

from dataclasses import dataclass

_ROLE = "arn:aws:iam::123456789012:role/endpoint"
_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/scoring:1"
_KEY = "arn:aws:kms:us-east-1:123456789012:key/volume"
_TRUST = (
    "Please ensure that the role exists and that its trust relationship policy allows the action "
    '"sts:AssumeRole" for the service principal "sagemaker.amazonaws.com".'
)
_KEY_REFUSED = f"The role {_ROLE} is not authorized to use the KMS key {_KEY}."
_KEY_MISSING = f"KMS key {_KEY} does not exist."
_SUBNET_MISSING = "The subnet ID 'subnet-1' does not exist"
_GROUP_MISSING = "The security group 'sg-1' does not exist"
_QUOTA = (
    "The account-level service limit 'ml.m5.large for endpoint usage' is 0 Instances, with current"
    " utilization of "
    "0 Instances and a request delta of 1 Instances."
)


@dataclass(frozen=True)
class Answer:
    """How a call is refused.

    Attributes:
        operation: the call.
        message: AWS's sentence.
        code: the error's `__type`.
    """

    operation: str
    message: str
    code: str = "ValidationException"


def _constraint(value: str, member: str) -> str:
    return (
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must "
        "satisfy enum value set: […]"
    )


CALLS: dict[str, Answer] = {
    "throttled": Answer("CreateModel", "Rate exceeded", "ThrottlingException"),
    "internal failure": Answer("UpdateEndpoint", "We encountered an internal error.", "InternalFailure"),
    "quota": Answer("UpdateEndpoint", _QUOTA, "ResourceLimitExceeded"),
    "in progress": Answer("UpdateEndpoint", 'Cannot update in-progress endpoint "arn".'),
    "in use": Answer("UpdateEndpoint", "Resource being accessed is in use.", "ResourceInUse"),
    "alarm not ready": Answer("UpdateEndpoint", "The alarm a is in INSUFFICIENT_DATA."),
    "tag not seen": Answer(
        "UpdateEndpoint",
        "User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform:"
        " sagemaker:UpdateEndpoint on "
        "resource: arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/c because no identity-based"
        " policy allows "
        "the sagemaker:UpdateEndpoint action",
        "AccessDeniedException",
    ),
    "denied": Answer(
        "CreateModel",
        "User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform:"
        " sagemaker:CreateModel on "
        "resource: arn:aws:sagemaker:us-east-1:123456789012:model/m with an explicit deny in a service"
        " control policy",
        "AccessDeniedException",
    ),
    "role not assumable": Answer(
        "CreateModel",
        f"Could not assume role {_ROLE}. Please ensure that the role exists and allows principal "
        "'sagemaker.amazonaws.com' to assume the role.",
    ),
    "role invalid": Answer("CreateModel", f'The execution role ARN "{_ROLE}" is invalid. {_TRUST}'),
    "data not accessible": Answer(
        "CreateModel",
        f'Could not access model data at s3://models/m.tar.gz. Please ensure that the role "{_ROLE}"'
        f" exists and that "
        'its trust relationship policy allows the action "sts:AssumeRole" for the service principal '
        '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that'
        " the object is "
        "located in us-east-1.",
    ),
    "repository refuses": Answer(
        "CreateModel",
        f"The repository of your image {_IMAGE} does not grant ecr:GetDownloadUrlForLayer, ecr:BatchGetImage, "
        "ecr:BatchCheckLayerAvailability permission to sagemaker.amazonaws.com service principal.",
    ),
    "role cannot pull": Answer(
        "CreateModel",
        f"Role {_ROLE} cannot pull {_IMAGE}. Ensure that the role exists and the image was granted pull"
        f" permission.",
    ),
    "repository denies": Answer(
        "CreateModel", "Access denied for repository: scoring in registry ID: 123456789012."
    ),
    "repository not found": Answer(
        "CreateModel",
        "Cannot find repository: scoring in registry ID: 123456789012 Please check if your ECR"
        " repository exists and "
        f"role {_ROLE} has proper pull permissions for SageMaker: ecr:BatchGetImage",
    ),
    "key refuses the role": Answer("CreateEndpointConfig", _KEY_REFUSED),
    "model not seen": Answer("CreateEndpointConfig", 'Could not find model "arn:aws:sagemaker:…:model/m".'),
    "config not seen": Answer(
        "UpdateEndpoint", 'Could not find endpoint configuration "arn:aws:sagemaker:…:endpoint-config/c".'
    ),
    "data not found": Answer("CreateModel", "Could not find model data at s3://models/m.tar.gz."),
    "image not found": Answer("CreateModel", f"Requested image {_IMAGE} not found."),
    "no such image": Answer("CreateModel", f"Cannot find the requested image: {_IMAGE}"),
    "image invalid": Answer("CreateModel", f'ECR image "{_IMAGE}" is invalid.'),
    "image elsewhere": Answer(
        "CreateModel", 'Using non-ECR image "scoring" without Vpc repository access mode is not supported.'
    ),
    "container malformed": Answer("CreateModel", _constraint("x", "containers.1.member.environment")),
    "container empty": Answer("CreateModel", "A container needs an Image or a ModelPackageName."),
    "unknown instance type": Answer(
        "CreateEndpointConfig", _constraint("ml.m5.tiny", "productionVariants.1.member.instanceType")
    ),
    "key malformed": Answer("CreateEndpointConfig", _constraint("k", "kmsKeyId")),
    "capture malformed": Answer(
        "CreateEndpointConfig", _constraint("0", "dataCaptureConfig.initialSamplingPercentage")
    ),
    "asynchronous malformed": Answer(
        "CreateEndpointConfig", _constraint("0", "asyncInferenceConfig.clientConfig")
    ),
    "deployment malformed": Answer(
        "UpdateEndpoint", _constraint("0", "deploymentConfig.blueGreenUpdatePolicy")
    ),
    "network malformed": Answer("CreateModel", _constraint("x", "vpcConfig.subnets")),
    "role malformed": Answer("CreateModel", _constraint("r", "executionRoleArn")),
    "tags malformed": Answer("CreateModel", _constraint("t", "tags.1.member.key")),
    "key on local storage": Answer(
        "CreateEndpointConfig", "KMS key is not supported for NVMe instance storage: ml.g5.xlarge"
    ),
    "key missing": Answer("CreateEndpointConfig", _KEY_MISSING),
    "subnet missing": Answer("CreateModel", _SUBNET_MISSING),
    "security group missing": Answer("CreateModel", _GROUP_MISSING),
    "volume size": Answer(
        "CreateEndpointConfig",
        "VolumeSizeInGB parameter is not allowed for the selected Instance type ml.trn1.2xlarge",
    ),
    "only for others": Answer(
        "CreateEndpointConfig", "ManagedInstanceScaling is only supported for inference component endpoints."
    ),
    "combination": Answer(
        "CreateEndpointConfig", "ManagedInstanceScaling is not supported with the given EndpointConfig setup."
    ),
    "deployment config": Answer(
        "UpdateEndpoint", "DeploymentConfig is not allowed for serverless endpoints."
    ),
    "never seen before": Answer("CreateModel", "Words that nobody has seen before."),
    "wrong request": Answer("UpdateEndpoint", _constraint("x", "endpointName")),
}
ENDINGS: dict[str, str] = {
    "no capacity": "Unable to provision requested ML compute capacity due to"
    " InsufficientInstanceCapacity error. Please "
    "retry using a different ML instance type or after some time.",
    "capacity error": "CapacityError: Unable to provision requested ML compute capacity. Please"
    " retry using a different "
    "ML instance type.",
    "quota": _QUOTA,
    "internal error": "InternalServerError: We encountered an internal error. Please try again.",
    "role invalid": f'The execution role ARN "{_ROLE}" is invalid. {_TRUST}',
    "data not downloaded": 'Failed to download model data for container "container_1" from URL: '
    '"s3://models/m.tar.gz". '
    "Please ensure that there is an object located at the URL and that the role passed to"
    " CreateModel has permissions to "
    "download the object.",
    "image not accessible": "Please make sure all images included in the model for the production"
    " variant AllTraffic "
    "exist, and that the execution role used to create the model has permissions to access them.",
    "key refuses the role": _KEY_REFUSED,
    "key missing": _KEY_MISSING,
    "subnet missing": _SUBNET_MISSING,
    "security group missing": _GROUP_MISSING,
    "ping": "The primary container for production variant AllTraffic did not pass the ping health"
    " check. Please check "
    "CloudWatch logs for this endpoint.",
    "container": "CannotStartContainerError. Please ensure the model container for variant"
    " AllTraffic starts correctly "
    "when invoked with 'docker run <image> serve'",
    "alarm": "The following alarms went into ALARM state: errors.",
}
