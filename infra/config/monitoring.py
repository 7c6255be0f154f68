"""The sections `monitoring` and `retraining` of a group: what watches the live version, and what follows from it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from infra.config import words
from infra.config.section import Section
from lambdas.core.spec import Monitor, MonitorSpec, RetrainingSpec

_OWN_VARIABLES = 1  # publish_cloudwatch_metrics
_MOST_PARAMETERS = 200 - 6  # ParameterList [B]; six are ours


class DriftConfig(Section):
    """An alarm of the group's own, `greenlight/<group>/drift`, on how far features are from the baseline; retraining
    takes it as one of its alarms."""

    features: Annotated[tuple[words.Feature, ...], Field(min_length=1, max_length=10)]
    """As the baseline names them; an alarm looks at 10 metrics at most."""
    above: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """The distance from the baseline (the metric feature_baseline_drift_<feature>) that is too much."""


class MonitorConfig(Section):
    """One monitoring schedule: what it runs, when, and on what."""

    image: words.MonitoringImage
    schedule: words.MonitoringSchedule
    instance_type: words.InstanceType
    instance_count: Annotated[int, Field(ge=1, le=100)] = MonitorSpec.instance_count
    volume_gb: Annotated[int, Field(ge=1, le=16384)] = MonitorSpec.volume_gb
    most_minutes: Annotated[int, Field(ge=1, le=1440)] = MonitorSpec.most_minutes
    """How long a run may take; at most as long as from one to the next."""
    start_offset: words.Offset | None = MonitorSpec.start_offset
    """From which captured requests on a run looks, told from its own time: -PT2H."""
    end_offset: words.Offset | None = MonitorSpec.end_offset
    """Up to which."""
    environment: dict[words.VariableName, words.VariableValue] = Field(
        default_factory=dict, max_length=50 - _OWN_VARIABLES
    )
    """Further variables of the container."""


class DataQualityConfig(MonitorConfig):
    """Whether requests still look like those that the version was trained on."""

    drift: DriftConfig | None = None


class ModelQualityConfig(MonitorConfig):
    """Whether answers are still as right as they were."""

    problem_type: Literal["BinaryClassification", "MulticlassClassification", "Regression"]
    ground_truth: words.S3Prefix
    """Where what was right is put, hour by hour, as Model Monitor reads it."""
    inference: words.Attribute | None = MonitorSpec.inference
    """What of an answer is the prediction: an index, or a JSON path."""
    probability: words.Attribute | None = MonitorSpec.probability
    """What of an answer is the probability of the class."""


class BiasConfig(MonitorConfig):
    """Whether answers favour some over others more than they did."""

    ground_truth: words.S3Prefix
    inference: words.Attribute | None = MonitorSpec.inference
    probability: words.Attribute | None = MonitorSpec.probability


class ExplainabilityConfig(MonitorConfig):
    """Whether the same features still make the difference."""

    inference: words.Attribute | None = MonitorSpec.inference


class MonitoringConfig(Section):
    """Monitoring schedules that follow the live version (SageMaker Model Monitor): once a rollout is verified, each is
    pointed at the baselines that the version was registered with. AWS takes no new customers for Model Monitor since 30
    July 2026: in an account that never used it, name a CloudWatch alarm of your own in `retraining.alarms` instead."""

    output: words.S3Prefix
    """Where reports go."""
    kms_key: words.KmsKey | None = None
    """Encrypts them."""
    data_quality: DataQualityConfig | None = None
    model_quality: ModelQualityConfig | None = None
    bias: BiasConfig | None = None
    explainability: ExplainabilityConfig | None = None

    @property
    def monitors(self) -> Mapping[Monitor, MonitorConfig]:
        """Those that are asked for; the keys are the monitors' own words."""
        found = {monitor: getattr(self, monitor.value) for monitor in Monitor}
        return {monitor: config for monitor, config in found.items() if config is not None}

    @property
    def drift(self) -> DriftConfig | None:
        """What the group's own alarm on drift is made of."""
        return None if self.data_quality is None else self.data_quality.drift


class RetrainingConfig(Section):
    """When the group's SageMaker pipeline is started anew, and how often at most; what it registers waits for approval
    as any version does."""

    pipeline: words.PipelineName
    alarms: tuple[words.AlarmName, ...] = RetrainingSpec.alarms
    """Alarms that say that the live version has drifted. One named `greenlight/<group>/…` is heard at once; any other
    is looked at every hour, by the sweep."""
    on_violations: bool = RetrainingSpec.on_violations
    """Whether violations that a monitoring schedule finds are a reason."""
    on_rejection: bool = RetrainingSpec.on_rejection
    """Whether the rejection of the live version is one."""
    cooldown_hours: Annotated[int, Field(ge=0, le=8760)] = RetrainingSpec.cooldown_hours
    """From one start to the next."""
    most_per_week: Annotated[int, Field(ge=1, le=168)] = RetrainingSpec.most_per_week
    roll_back: bool = RetrainingSpec.roll_back
    """Whether drift also sends the live version back to the last known good."""
    parameters: dict[words.ParameterName, words.ParameterValue] = Field(
        default_factory=dict, max_length=_MOST_PARAMETERS
    )
    """Further parameters of the pipeline, beside GreenlightGroup, GreenlightRun, GreenlightLiveVersion,
    GreenlightReason, GreenlightWindowStart and GreenlightWindowEnd, which it must declare, too."""
