"""The one table of AWS's answers: which passes, which is ours, the spec's or the version's to answer for.

AWS gives one code, `ValidationException`, to almost everything, so the words of its message decide. Every row has an
example as AWS words it and says where that is from: [B] botocore's service model, [DG] the SageMaker developer guide,
[IAM] the IAM user guide, [TF] the source of terraform-provider-aws, else the repository and issue that quotes it.
`[?]`: no source quotes it; the row rests on the words that the service model has for the thing.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Blame(StrEnum):
    """Whose an answer is, and so what becomes of what was asked."""

    TRANSIENT = "transient"  # nobody's: AWS slows us down or fails on its side; the same call, later
    CONFLICT = "conflict"  # nobody's: another invocation was first
    BUSY = "busy"  # nobody's: the endpoint is in another operation
    UNREADY = "unready"  # nobody's: a guardrail cannot be used yet
    PASSING = (
        "passing"  # nobody's for some minutes: a role or policy that has not spread. Then it is access denied
    )
    CAPACITY = "capacity"  # the account's or AWS's: a quota, or no instances left. It waits, however long
    DENIED = "denied"  # ours or the platform team's: a permission is missing
    SPEC = "spec"  # the group's YAML asks for what AWS does not have
    VERSION = "version"  # the version's own: its container, its artifact, its alarms
    UNKNOWN = "unknown"  # no row has these words, or the request itself is wrong: nobody is blamed


@dataclass(frozen=True)
class Answer:
    """A row: which answers it is about, and whose they are.

    `codes`: AWS's error codes, a trailing `*` for any ending; none: any code. `words`: lower-case parts that the
    message has, all of them. `pattern`: is found in the lower-case message. `operations`: of the API; none: any.
    `status`: the least HTTP status. `key`: of the group's spec, where the spec is to blame.
    """

    blame: Blame
    source: str
    example: str
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    operations: frozenset[str] = frozenset()
    status: int = 0
    key: str = ""

    def fits(self, code: str, text: str, operation: str, status: int) -> bool:
        """Whether it is about an answer; `text` in lower case."""
        return (
            (not self.codes or any(_is_code(code, one) for one in self.codes))
            and all(word in text for word in self.words)
            and (self.pattern is None or self.pattern.search(text) is not None)
            and (not self.operations or operation in self.operations)
            and status >= self.status
        )


def _is_code(code: str, wanted: str) -> bool:
    return code.startswith(wanted[:-1]) if wanted.endswith("*") else code == wanted


SLOW_DOWN = (
    "BandwidthLimitExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "TooManyRequestsException",
)
"""Codes by which AWS only asks to send a call later, beside those that begin with `Throttling`."""

_INVALID = ("ValidationException",)
_MODEL = frozenset({"CreateModel"})
_CONFIG = frozenset({"CreateEndpointConfig"})
_ENDPOINT = frozenset({"CreateEndpoint", "UpdateEndpoint"})
_ROLLOUT = _MODEL | _CONFIG | _ENDPOINT
# Words that stand alone: in `fire-alarm` or an ARN they are part of a name, and say nothing.
_IN_PROGRESS = re.compile(r"(?<![\w./:-])(in[- ]progress|already existing endpoint|is being)(?![\w/-])")
_ALARM = re.compile(
    r"^(?!.*failed to satisfy constraint).*((?<![\w./:-])alarms?(?![\w/-])|insufficient[_ ]data)", re.DOTALL
)

_TF_ENDPOINT = "[TF] internal/service/sagemaker/endpoint.go, which tries again"
_TRUST = (
    "Please ensure that the role exists and that its trust relationship policy allows the action"
    ' "sts:AssumeRole" for the'
    ' service principal "sagemaker.amazonaws.com".'
)
_CONSTRAINT = "failed to satisfy constraint"


def _constraint(member: str) -> str:
    return f"1 validation error detected: Value 'x' at '{member}' failed to satisfy constraint: Member must satisfy …"


_PLACE = re.compile(r"s3://[^\"']*(?=[\"'])|s3://\S+", re.IGNORECASE)
CALLS: tuple[Answer, ...] = (
    Answer(
        Blame.TRANSIENT,
        "[B] common errors of all services",
        "Rate exceeded",
        (
            *SLOW_DOWN,
            "Throttling*",
            "InternalFailure",
            "InternalServerError",
            "KMSThrottling",
            "KmsThrottled",
            "PriorRequestNotComplete",
            "RequestTimeout",
            "RequestTimeoutException",
            "ServiceUnavailable",
            "Throttled",
            "TooManyRequests",
            "TooManyUpdates",
            "TransactionInProgressException",
            "ConcurrentUpdateException",
        ),
    ),
    Answer(
        Blame.CAPACITY,
        "[B] ResourceLimitExceeded of CreateModel, CreateEndpointConfig, CreateEndpoint, UpdateEndpoint",
        "The account-level service limit 'ml.m5.large for endpoint usage' is 0 Instances, with current"
        " utilization of 0"
        " Instances and a request delta of 1 Instances.",
        (
            "LimitExceeded",
            "LimitExceededException",
            "ResourceLimitExceeded",
            "ServiceQuotaExceededException",
        ),
    ),
    Answer(
        Blame.PASSING,
        "[IAM] troubleshooting access denied: an implicit deny; a policy or a tag made a moment ago is"
        " not seen yet [?]",
        "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: sagemaker:UpdateEndpoint"
        " on resource:"
        " arn:aws:sagemaker:eu-west-1:1:endpoint-config/c because no identity-based policy allows the"
        " sagemaker:UpdateEndpoint action",
        ("AccessDenied*",),
        ("because no identity-based policy allows",),
        operations=_ROLLOUT,
    ),
    Answer(
        Blame.DENIED,
        "[B] common errors; Application Auto Scaling's FailedResourceAccessException: it may not read"
        " its policy's alarms",
        "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: x with an explicit deny in"
        " a service control"
        " policy",
        (
            "AccessDenied*",
            "AuthorizationError",
            "ExpiredToken",
            "ExpiredTokenException",
            "FailedResourceAccessException",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "KMSAccessDenied",
            "KMSAccessDeniedException",
            "KmsAccessDenied",
            "UnauthorizedOperation",
            "UnrecognizedClientException",
        ),
    ),
    Answer(
        Blame.BUSY,
        "[B] ResourceInUse, ConflictException",
        "Resource being accessed is in use.",
        ("ResourceInUse", "ResourceConflict", "ConflictException"),
    ),
    Answer(
        Blame.CONFLICT,
        "[B] DynamoDB",
        "The conditional request failed",
        (
            "ConditionalCheckFailedException",
            "ReplicatedWriteConflictException",
            "TransactionConflictException",
        ),
    ),
    Answer(
        Blame.TRANSIENT, "HTTP: the server's side", "We encountered an internal error.", status=500
    ),  # whatever its code
    Answer(
        Blame.BUSY,
        "[DG] an update runs; aws-samples quote the sentence",
        'Cannot update in-progress endpoint "arn:aws:sagemaker:eu-west-1:1:endpoint/e".',
        pattern=_IN_PROGRESS,
    ),
    # --- what passes: roles and policies that have not spread, things made a moment ago
    Answer(
        Blame.PASSING,
        "awslabs/predictive-maintenance-using-machine-learning #3; [TF] CreateModel is tried again for"
        " two minutes",
        "Could not assume role arn:aws:iam::1:role/r. Please ensure that the role exists and allows principal"
        " 'sagemaker.amazonaws.com' to assume the role.",
        _INVALID,
        ("could not assume role",),
    ),
    Answer(
        Blame.PASSING,
        _TF_ENDPOINT,
        f'The execution role ARN "arn:aws:iam::1:role/r" is invalid. {_TRUST}',
        _INVALID,
        ("execution role arn", "is invalid"),
    ),
    Answer(
        Blame.PASSING,
        "philschmid/llm-sagemaker-sample #2, aws/sagemaker-python-sdk #3755",
        'Could not access model data at s3://b/k. Please ensure that the role "arn:aws:iam::1:role/r"'
        " exists and that its"
        ' trust relationship policy allows the action "sts:AssumeRole" for the service principal'
        ' "sagemaker.amazonaws.com".'
        ' Also ensure that the role has "s3:GetObject" permissions and that the object is located in'
        " eu-west-1.",
        _INVALID,
        ("could not access model data",),
    ),
    Answer(
        Blame.PASSING,
        "aws/deep-learning-containers #5657",
        "The repository of your image 1.dkr.ecr.eu-west-1.amazonaws.com/r:1 does not grant"
        " ecr:GetDownloadUrlForLayer,"
        " ecr:BatchGetImage, ecr:BatchCheckLayerAvailability permission to sagemaker.amazonaws.com"
        " service principal.",
        _INVALID,
        ("does not grant ecr:",),
    ),
    Answer(
        Blame.PASSING,
        "notes of people who tried it: CreateModel with an image of another account",
        "Role arn:aws:iam::1:role/r cannot pull 1.dkr.ecr.eu-west-1.amazonaws.com/r:1. Ensure that the"
        " role exists and the"
        " image was granted pull permission.",
        _INVALID,
        ("granted pull permission",),
    ),
    Answer(
        Blame.PASSING,
        "aws/sagemaker-spark #158",
        "Access denied for repository: r in registry ID: 1.",
        _INVALID,
        ("access denied for repository",),
    ),
    Answer(
        Blame.PASSING,
        "aws/amazon-sagemaker-examples #2534",
        "Cannot find repository: r in registry ID: 1 Please check if your ECR repository exists and role"
        " arn:aws:iam::1:role/r has proper pull permissions for SageMaker: ecr:BatchGetImage",
        _INVALID,
        ("proper pull permissions",),
    ),
    Answer(
        Blame.PASSING,
        "[B] CreateEndpointConfig's KmsKeyId: the key policy must grant it to the role [?]",
        "The role arn:aws:iam::1:role/r is not authorized to use the KMS key arn:aws:kms:eu-west-1:1:key/k.",
        _INVALID,
        ("not authorized", "kms"),
        operations=_ROLLOUT,
    ),
    Answer(
        Blame.PASSING,
        "[B] CreateEndpoint: dependent entities that are not yet in DynamoDB cause a validation error",
        'Could not find model "arn:aws:sagemaker:eu-west-1:1:model/m".',
        _INVALID,
        ("could not find model ",),
        pattern=re.compile(r"could not find model (?!data|package)"),
        operations=_CONFIG | _ENDPOINT,
    ),
    Answer(
        Blame.PASSING,
        "[B] CreateEndpoint, the same sentence",
        'Could not find endpoint configuration "arn:aws:sagemaker:eu-west-1:1:endpoint-config/c".',
        _INVALID,
        ("could not find endpoint configuration",),
        operations=_ENDPOINT,
    ),
    # --- the version's own
    Answer(
        Blame.VERSION,
        "aws-ia/ecs-blueprints #223; S3 is consistent, so what is not there was not just made",
        "Could not find model data at s3://b/k.",
        _INVALID,
        ("could not find model data",),
    ),
    Answer(
        Blame.VERSION,
        "aws-samples/easy-amazon-sagemaker-deployments #4",
        "Requested image 1.dkr.ecr.eu-west-1.amazonaws.com/r:1 not found.",
        _INVALID,
        ("requested image", "not found"),
    ),
    Answer(
        Blame.VERSION,
        "aws/amazon-sagemaker-examples #1476",
        "Cannot find the requested image: 1.dkr.ecr.eu-west-1.amazonaws.com/r:1",
        _INVALID,
        ("cannot find the requested image",),
    ),
    Answer(
        Blame.VERSION,
        "aws/amazon-sagemaker-examples #195, #197",
        'ECR image "1.dkr.ecr.eu-west-1.amazonaws.com/r" is invalid.',
        _INVALID,
        ("ecr image", "is invalid"),
    ),
    Answer(
        Blame.VERSION,
        "aws/sagemaker-python-sdk #4700",
        'Using non-ECR image "r" without Vpc repository access mode is not supported.',
        _INVALID,
        ("non-ecr image",),
    ),
    Answer(
        Blame.VERSION,
        "[B] ContainerDefinition; aws/sagemaker-python-sdk #1623 has the sentence for another member",
        _constraint("containers.1.member.environment"),
        _INVALID,
        (_CONSTRAINT, "at 'containers"),
        operations=_MODEL,
    ),
    Answer(
        Blame.VERSION,
        "[B] CreateModel: a container names an image, an artifact or a package; the sentence [?]",
        "A container needs an Image or a ModelPackageName.",
        _INVALID,
        ("container needs",),
        operations=_MODEL,
    ),
    # Before what the spec may have wrong: an alarm's name may hold any word.
    Answer(
        Blame.UNREADY,
        "[DG] auto-rollback; AWS's notebook waits a minute after making alarms",
        "The alarm a is in INSUFFICIENT_DATA.",
        _INVALID,
        pattern=_ALARM,
    ),
    # --- the spec's
    *(
        Answer(
            Blame.SPEC,
            "aws/sagemaker-python-sdk #1623, of an instance type; [B] which member is whose",
            _constraint(member),
            _INVALID,
            (_CONSTRAINT, f"at '{member.lower()}"),
            operations=_ROLLOUT,
            key=key,
        )
        for member, key in (
            ("productionVariants", "endpoint.instance_type"),
            ("kmsKeyId", "endpoint.kms_key"),
            ("dataCaptureConfig", "endpoint.data_capture"),
            ("asyncInferenceConfig", "endpoint.asynchronous"),
            ("deploymentConfig", "rollout"),
            ("vpcConfig", "endpoint.vpc"),
            ("executionRoleArn", "execution_role"),
            ("tags", "tags"),
        )
    ),
    Answer(
        Blame.SPEC,
        "aws/sagemaker-python-sdk #3677",
        "KMS key is not supported for NVMe instance storage: ml.g5.xlarge",
        _INVALID,
        ("kms", "not supported"),
        operations=_CONFIG | _ENDPOINT,
        key="endpoint.kms_key",
    ),
    Answer(
        Blame.SPEC,
        "[B] CreateEndpointConfig's KmsKeyId; the key's own words [?]",
        "KMS key arn:aws:kms:eu-west-1:1:key/k does not exist.",
        _INVALID,
        ("kms", "does not exist"),
        operations=_ROLLOUT,
        key="endpoint.kms_key",
    ),
    Answer(
        Blame.SPEC,
        "[B] VpcConfig: the words are EC2's InvalidSubnetID.NotFound",
        "The subnet ID 'subnet-1' does not exist",
        _INVALID,
        ("subnet",),
        operations=_ROLLOUT,
        key="endpoint.vpc",
    ),
    Answer(
        Blame.SPEC,
        "[B] VpcConfig: the words are EC2's InvalidGroup.NotFound",
        "The security group 'sg-1' does not exist",
        _INVALID,
        ("security group",),
        operations=_ROLLOUT,
        key="endpoint.vpc",
    ),
    Answer(
        Blame.SPEC,
        "aws/sagemaker-python-sdk #4828: a volume size where there is no volume",
        "VolumeSizeInGB parameter is not allowed for the selected Instance type ml.trn1.2xlarge",
        _INVALID,
        ("instance type",),
        operations=_CONFIG | _ENDPOINT,
        key="endpoint.instance_type",
    ),
    Answer(
        Blame.SPEC,
        "guardrails and serverless endpoints [DG]",
        "DeploymentConfig is not supported for serverless endpoints.",
        _INVALID,
        ("deploymentconfig",),
        operations=_ENDPOINT,
        key="rollout",
    ),
    Answer(
        Blame.SPEC,
        "hashicorp/terraform-provider-aws #45926",
        "ManagedInstanceScaling is only supported for inference component endpoints.",
        _INVALID,
        ("only supported for",),
        operations=_CONFIG | _ENDPOINT,
        key="endpoint",
    ),
    Answer(
        Blame.SPEC,
        "DIAGNijmegen/rse-grand-challenge #4659",
        "ManagedInstanceScaling is not supported with the given EndpointConfig setup.",
        _INVALID,
        ("not supported",),
        operations=_CONFIG | _ENDPOINT,
        key="endpoint",
    ),
)
"""What a call may be answered with. The first row that fits holds; what no row fits is nobody's (`UNKNOWN`)."""

FAILURES: tuple[Answer, ...] = (
    # First: an alarm's name may hold any word.
    Answer(
        Blame.VERSION,
        "[DG] auto-rollback: an alarm that trips while traffic is shifted; the sentence [?]",
        "The following alarms went into ALARM state: greenlight/churn/errors.",
        pattern=_ALARM,
    ),
    # What the container did is said with whatever it wrote itself, so it goes before what is AWS's own.
    Answer(
        Blame.VERSION,
        "[DG] multi-container endpoints, troubleshooting; awslabs and aws/amazon-sagemaker-examples quote it",
        "The primary container for production variant AllTraffic did not pass the ping health check."
        " Please check CloudWatch"
        " logs for this endpoint.",
        words=("did not pass the ping health check",),
    ),
    Answer(
        Blame.VERSION,
        "aws-samples/comfyui-on-amazon-sagemaker #2, aws/sagemaker-python-sdk #4615",
        "CannotStartContainerError. Please ensure the model container for variant AllTraffic starts"
        " correctly when invoked"
        " with 'docker run <image> serve'",
        words=("cannotstartcontainererror",),
    ),
    Answer(
        Blame.CAPACITY,
        "aws/deep-learning-containers #6411, #6673",
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
        " Please retry using a"
        " different ML instance type or after some time.",
        words=("insufficientinstancecapacity",),
    ),
    Answer(
        Blame.CAPACITY,
        "DIAGNijmegen/rse-grand-challenge #2631",
        "CapacityError: Unable to provision requested ML compute capacity. Please retry using a"
        " different ML instance type.",
        words=("unable to provision requested ml compute capacity",),
    ),
    Answer(
        Blame.CAPACITY,
        "[B] ResourceLimitExceeded; its sentence, aws/amazon-sagemaker-examples #307",
        "The account-level service limit 'ml.m4.xlarge for endpoint usage' is 0 Instances, with current"
        " utilization of 0"
        " Instances and a request delta of 1 Instances.",
        words=("service limit",),
    ),
    Answer(
        Blame.TRANSIENT,
        "[B] InternalFailure, as an endpoint's reason",
        "InternalServerError: We encountered an internal error. Please try again.",
        words=("internal error",),
    ),
    Answer(
        Blame.PASSING,
        _TF_ENDPOINT,
        f'The execution role ARN "arn:aws:iam::1:role/r" is invalid. {_TRUST}',
        words=("execution role arn", "is invalid"),
    ),
    Answer(
        Blame.PASSING,
        "aws-solutions-library-samples/fraud-detection-using-machine-learning #9: the object, or the"
        " role's permission",
        'Failed to download model data for container "container_1" from URL: "s3://b/k". Please ensure'
        " that there is an"
        " object located at the URL and that the role passed to CreateModel has permissions to download"
        " the object.",
        words=("failed to download model data",),
    ),
    Answer(
        Blame.PASSING,
        "aws/sagemaker-python-sdk #1835: the image, or the role's permission",
        "Please make sure all images included in the model for the production variant AllTraffic exist,"
        " and that the"
        " execution role used to create the model has permissions to access them.",
        words=("execution role used to create the model has permissions",),
    ),
    Answer(
        Blame.PASSING,
        "[B] CreateEndpointConfig's KmsKeyId: the key policy must grant it to the role [?]",
        "The role arn:aws:iam::1:role/r is not authorized to use the KMS key arn:aws:kms:eu-west-1:1:key/k.",
        words=("not authorized", "kms"),
    ),
    Answer(
        Blame.SPEC,
        "[B] CreateEndpointConfig's KmsKeyId; the key's own words [?]",
        "KMS key arn:aws:kms:eu-west-1:1:key/k does not exist.",
        words=("kms", "does not exist"),
        key="endpoint.kms_key",
    ),
    Answer(
        Blame.SPEC,
        "[B] VpcConfig: the words are EC2's InvalidSubnetID.NotFound",
        "The subnet ID 'subnet-1' does not exist",
        words=("subnet", "does not exist"),
        key="endpoint.vpc",
    ),
    Answer(
        Blame.SPEC,
        "[B] VpcConfig: the words are EC2's InvalidGroup.NotFound",
        "The security group 'sg-1' does not exist",
        words=("security group", "does not exist"),
        key="endpoint.vpc",
    ),
)
"""What an endpoint may give as its FailureReason.

What no row fits is the version's: its fleet was made and given up, by an alarm for one; after an automatic rollback the
reason may even be empty (terraform-provider-aws #39099, #48997).
"""


def _without_places(text: str) -> str:
    """Without places in S3: whoever registers names them, and a name may hold the words of any row."""
    return _PLACE.sub("s3://…", text)


def blame_of_call(code: str, message: str, operation: str = "", status: int = 0) -> Blame:
    """Whose a refused call is.

    Args:
        code: AWS's error code.
        message: AWS's sentence.
        operation: of the API, such as CreateModel.
        status: HTTP's.
    """
    text = f"{code}: {_without_places(message)}".lower()
    rows = (row.blame for row in CALLS if row.fits(code, text, operation, status))
    return next(rows, Blame.UNKNOWN)


def blame_of_failure(reason: str | None) -> Blame:
    """Whose it is that an endpoint failed, or went back to what it served before.

    Args:
        reason: DescribeEndpoint's FailureReason; None: there is none.
    """
    text = _without_places(reason or "").lower()
    return next((row.blame for row in FAILURES if row.fits("", text, "", 0)), Blame.VERSION)


def spec_key(text: str) -> str:
    """The key of the group's spec that an answer of AWS is about; `endpoint` where its words do not say which.

    Args:
        text: AWS's words, of an answer whose blame is the spec's.
    """
    words = text.lower()
    rows = (row.key for row in (*CALLS, *FAILURES) if row.key and all(word in words for word in row.words))
    return next(rows, "endpoint")
