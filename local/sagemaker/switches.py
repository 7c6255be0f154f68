"""What AWS's documentation leaves open: each question is a switch, and a system must be right under either answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """The answers in force; they may be changed at any time and hold from then on.

    Attributes:
        alarm_outside_baking_rolls_back: an alarm that trips while nothing bakes (provisioning, shifting, waiting to
            terminate the old fleet) ends the rollout at once; otherwise only baking looks at alarms.
        alarm_at_start_refused: UpdateEndpoint is refused while one of its alarms is in ALARM.
        guardrail_insufficient_data_refused: UpdateEndpoint is refused while one of its alarms has no state yet.
        failure_reason_after_rollback: after an automatic rollback DescribeEndpoint says why.
        rolling_back_shown: while it rolls back the endpoint's status is RollingBack, otherwise still Updating.
        iam_identity_present: CreatedBy and LastModifiedBy of the registry say which IAM principal it was.
        package_arn_lower_case: ARNs of groups and versions have the group's name in lower case.
        updated_fields_present: events of a changed version say which of its fields were in the update.
        config_visible_after_seconds: for so many AWS seconds CreateEndpoint and UpdateEndpoint do not see a
            new endpoint configuration.
        group_policy_deny_accepted: a group's resource policy may hold a Deny.
        unapproved_package_refused: CreateModel is refused for a version that is not Approved.
        package_read_at_deployment: a model made of a version deploys what the version holds when it is deployed,
            otherwise what it held when the model was made.
        pipeline_event_names_run: events of a pipeline's execution have its display name.
        processing_event_names_schedule: events of a monitoring run's job have the schedule's ARN.
        key_on_local_storage_refused: CreateEndpointConfig is refused with a volume key for an instance type with local
            storage; otherwise the key is taken, and does not encrypt that storage.
        capture_retained: UpdateEndpoint with RetainAllVariantProperties keeps the data capture of what serves;
            otherwise the new config's holds.
        schedules_hold_endpoint: DeleteEndpoint is refused while a monitoring schedule watches the endpoint.
    """

    alarm_outside_baking_rolls_back: bool = False
    alarm_at_start_refused: bool = False
    guardrail_insufficient_data_refused: bool = False
    failure_reason_after_rollback: bool = True
    rolling_back_shown: bool = True
    iam_identity_present: bool = True
    package_arn_lower_case: bool = False
    updated_fields_present: bool = True
    config_visible_after_seconds: float = 0.0
    group_policy_deny_accepted: bool = True
    unapproved_package_refused: bool = True
    package_read_at_deployment: bool = False
    pipeline_event_names_run: bool = True
    processing_event_names_schedule: bool = True
    key_on_local_storage_refused: bool = True
    capture_retained: bool = True
    schedules_hold_endpoint: bool = True
