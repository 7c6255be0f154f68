"""What must be true of an approved version before a rollout to it may start."""

from collections.abc import Sequence

from lambdas.core import proof
from lambdas.core.content import Container
from lambdas.core.facts import VersionDetail
from lambdas.core.places import is_below_any
from lambdas.core.record import Approval, Decided
from lambdas.core.spec import AllowedSpec, EndpointMode, GroupSpec
from lambdas.core.text import cut

_LONGEST_PLACE = 200  # bytes of a place that a reason quotes


def obstacles(spec: GroupSpec, decided: Decided, detail: VersionDetail | None) -> tuple[str, ...]:
    """Every reason why this version must not start now, in words; empty: it may.

    Args:
        spec: of its group.
        decided: the decision on which we would act.
        detail: the version as read in this very invocation; None: it is not in the registry.
    """
    if detail is None:
        return ("it is no longer in the registry",)
    checks = (
        (detail.approval is not Approval.APPROVED, f"its approval status is now {detail.approval.value}"),
        (detail.status != "Completed", f"its package status is {detail.status}; it must be Completed"),
        (not detail.containers, "it has no container to run; register it with an inference specification"),
        (
            spec.endpoint.mode is EndpointMode.SERVERLESS and len(detail.containers) > 1,
            f"it has {len(detail.containers)} containers, and a serverless endpoint runs one",
        ),
        (
            decided.fingerprint not in {None, detail.fingerprint},
            "its content changed after it was approved; approve it again to deploy what is there now",
        ),
    )
    return (
        *(reason for failed, reason in checks if failed),
        *(reason for container in detail.containers for reason in not_allowed(spec.allowed, container)),
        *(reason for container in detail.containers for reason in outside(spec.artifacts, container)),
        *proof.objections(spec, decided),
    )


def not_allowed(allowed: AllowedSpec, container: Container) -> list[str]:
    """Every reason why this container must never go live in the group, in words; empty: it may."""
    reasons = []
    if members := container.not_reproducible():
        reasons.append(f"its container has {', '.join(members)}, which a model cannot be made with")
    repository = container.repository
    if allowed.image_repositories and not any(_within(repository, one) for one in allowed.image_repositories):
        reasons.append(f"its image is from {repository}, which the group does not allow")
    buckets = dict.fromkeys(place.removeprefix("s3://").partition("/")[0] for place in container.places)
    reasons += [
        f"its artifact is in bucket {bucket}, which the group does not allow"
        for bucket in buckets
        if allowed.artifact_buckets and bucket not in allowed.artifact_buckets
    ]
    return reasons


def outside(artifacts: Sequence[str], container: Container) -> list[str]:
    """For each place of a container that the group's endpoint cannot read, why it must not go live; empty: none.

    Args:
        artifacts: the group's prefixes; none: it names none, and its endpoint may read anywhere.
        container: of the version.
    """
    below = cut(", ".join(artifacts), _LONGEST_PLACE)
    return [
        f"its artifact {cut(place, _LONGEST_PLACE)} lies outside the group's artifacts ({below}), and its endpoint "
        "cannot read it: register it from below one of them, or add its prefix to `artifacts` in the group's YAML"
        for place in container.places
        if artifacts and not is_below_any(place, artifacts)
    ]


def _within(repository: str, allowed: str) -> bool:
    """`registry/repository` itself, or what is below `registry/prefix/*`."""
    if allowed.endswith("/*"):
        return repository.startswith(allowed.removesuffix("*"))
    return repository == allowed
