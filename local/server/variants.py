"""Endpoint variants as Application Auto Scaling sees and changes them: through SageMaker's own API, as its role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.sagemaker.caller import Caller
from local.sagemaker.errors import SageMakerError

if TYPE_CHECKING:
    from local.server.model import CurrentModel

ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"


class ModelVariants:
    """The port `local.server.autoscaling.Variants` over the model."""

    def __init__(self, model: CurrentModel, account: str) -> None:
        self._model = model
        self._caller = Caller(
            arn=f"arn:aws:sts::{account}:assumed-role/{ROLE}/AutoScaling-ManageAlarms",
            account=account,
            principal_id="AROAAUTOSCALING:AutoScaling-ManageAlarms",
        )

    def desired_count(self, endpoint: str, variant: str) -> int | None:
        """The variant's desired instance count; None if there is no such variant."""
        try:
            found = self._model.call("DescribeEndpoint", {"EndpointName": endpoint}, self._caller)
        except SageMakerError:
            return None
        for one in found.get("ProductionVariants") or ():
            if one["VariantName"] == variant:
                return int(one.get("DesiredInstanceCount", 0))
        return None

    def instance_type(self, endpoint: str, variant: str) -> str | None:
        """The variant's instance type, as the configuration in use has it; None if it has no instances."""
        try:
            served = self._model.call("DescribeEndpoint", {"EndpointName": endpoint}, self._caller)
            config = {"EndpointConfigName": served["EndpointConfigName"]}
            found = self._model.call("DescribeEndpointConfig", config, self._caller)
        except SageMakerError:
            return None
        variants: dict[str, str | None] = {
            one["VariantName"]: one.get("InstanceType") for one in found["ProductionVariants"]
        }
        return variants.get(variant)

    def set_desired_count(self, endpoint: str, variant: str, count: int) -> None:
        """Ask for this many instances; a busy endpoint is left as it is, as the service tries again later."""
        wanted = [{"VariantName": variant, "DesiredInstanceCount": count}]
        request = {"EndpointName": endpoint, "DesiredWeightsAndCapacities": wanted}
        self._model.call("UpdateEndpointWeightsAndCapacities", request, self._caller)
