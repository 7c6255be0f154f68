"""Instance types: which have local storage, accelerators or burstable processors, and what AWS refuses for each.

Sources: EC2 user guide, "Instance store volumes"; botocore, CreateEndpointConfigInput and ProductionVariant;
aws/sagemaker-python-sdk #3677, #4828 and autogluon/autogluon-cloud #50 (no volume key, no volume size);
aws/aws-cdk #22886 and aws-controllers-k8s/community #1633 (burstable types are not scaled). Sentences without a source
are ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local.sagemaker.errors import invalid

if TYPE_CHECKING:
    from local.sagemaker.account import Account
    from local.sagemaker.state import Fields

# A "d" behind the generation says so: m5d, c6gd, r7gd, g4dn, p4de. The others are told by name.
_LOCAL_STORAGE = re.compile(r"[a-z]+\d+[a-z]*d[a-z]*|dl1|g5|gr?6[ef]?|g7e?|i\d.*|p5[a-z]*|p6.*|trn[12]n?")
_GPU = re.compile(r"g\d.*|gr6|p\d.*")
_NEURON = re.compile(r"inf2|trn\d.*")
_BURSTABLE = re.compile(r"t\d.*")
_HOSTING = (
    "ContainerStartupHealthCheckTimeoutInSeconds",
    "InferenceAmiVersion",
    "ModelDataDownloadTimeoutInSeconds",
    "VolumeSizeInGB",
)


def has_local_storage(instance_type: str) -> bool:
    """Whether its instances have disks of their own (NVMe), of a fixed size."""
    return _LOCAL_STORAGE.fullmatch(_family(instance_type)) is not None


def is_burstable(instance_type: str) -> bool:
    """Whether it is a T type, which Application Auto Scaling does not take."""
    return _BURSTABLE.fullmatch(_family(instance_type)) is not None


def check_hardware(account: Account, request: Fields, variant: Fields) -> None:
    """Refuse a variant whose instance type does not have what is asked of it."""
    name, instance_type = variant["VariantName"], variant["InstanceType"]
    if has_local_storage(instance_type):
        if "KmsKeyId" in request and account.switches.key_on_local_storage_refused:
            raise invalid(
                f"KmsKeyId is not supported for instance type {instance_type} of variant {name}: its storage is local."
            )
        if "VolumeSizeInGB" in variant:
            raise invalid(
                f"VolumeSizeInGB parameter is not allowed for the selected instance type {instance_type}."
            )
    image = variant.get("InferenceAmiVersion")
    wanted = _NEURON if image is not None and "-neuron-" in image else _GPU
    if image is not None and wanted.fullmatch(_family(instance_type)) is None:
        raise invalid(f"InferenceAmiVersion {image} is not supported for instance type {instance_type}.")


def check_no_hardware(variant: Fields) -> None:
    """Refuse what only instances have of a serverless variant."""
    if misfits := [member for member in _HOSTING if member in variant]:
        raise invalid(
            f"Serverless production variant {variant['VariantName']} takes no {' and no '.join(misfits)}."
        )


def _family(instance_type: str) -> str:
    """`m5d` of `ml.m5d.large`."""
    return instance_type.split(".")[1]
