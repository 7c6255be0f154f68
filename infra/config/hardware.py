"""What instance types are made of, as far as it decides which keys a group may have.

Families with local storage (NVMe): EC2 user guide, "Instance store volumes", of those that host endpoints
(ProductionVariantInstanceType [B]) and their siblings. A family that is not named here is left to AWS.
"""

import re

# A "d" behind the generation says so: m5d, c6gd, g4dn, p4de.
_DISK = re.compile(r"[a-z]+[0-9]+[a-z]*d[a-z]*")
_LOCAL_STORAGE = frozenset(
    {
        *(
            "dl1",
            "g5",
            "g6",
            "g6e",
            "g6f",
            "g7",
            "g7e",
            "gr6",
            "gr6f",
            "p5",
            "p5e",
            "p5en",
            "p6-b200",
            "p6-b300",
        ),
        *("p6e-gb200", "trn1", "trn1n", "trn2", "i3", "i3en", "i4g", "i4i", "i7i", "i7ie", "i8g"),
    }
)
_NEURON = frozenset({"inf2", "trn1", "trn1n", "trn2"})


def has_local_storage(instance_type: str) -> bool:
    """Whether instances bring disks of their own, of a fixed size and encrypted by their own hardware."""
    family = _family(instance_type)
    return family in _LOCAL_STORAGE or _DISK.fullmatch(family) is not None


def is_burstable(instance_type: str) -> bool:
    """Whether it is one of T2, T3, T4g and their like."""
    family = _family(instance_type)
    return family.startswith("t") and family[1:2].isdigit()


def fits_image(instance_type: str, image: str) -> bool:
    """Whether instances have the accelerator that an image (ProductionVariantInferenceAmiVersion) is made for [B]."""
    family = _family(instance_type)
    return family in _NEURON if "-neuron-" in image else family.startswith(("g", "p"))


def _family(instance_type: str) -> str:
    """`m5d` of `ml.m5d.large`."""
    return instance_type.split(".")[1]
