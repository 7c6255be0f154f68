"""The groups of the end-to-end tests: each scenario has its own, so that none disturbs another."""

from typing import Any

_HARDWARE = {"instance_type": "ml.m5.large", "instance_count": 2}

SWITCHES: dict[str, dict[str, Any]] = {
    "rollback-outside-baking": {"switches": {"alarm_outside_baking_rolls_back": True}},
    "no-failure-reason": {"switches": {"failure_reason_after_rollback": False}},
    "no-identity": {"switches": {"iam_identity_present": False}},
    "lower-case-arns": {"switches": {"package_arn_lower_case": True}},
    "no-updated-fields": {"switches": {"updated_fields_present": False}},
    "late-configs": {"switches": {"config_visible_after_seconds": 200.0}},
    "literal-message-group": {"message_group_id": "literal"},
    "unsure-guardrails-refused": {"switches": {"guardrail_insufficient_data_refused": True}},
    "other-answers": {
        "switches": {
            "alarm_at_start_refused": True,
            "rolling_back_shown": False,
            "unapproved_package_refused": False,
            "package_read_at_deployment": True,
        }
    },
    "doubled-events": {
        "event_faults": {"doubled": 0.5, "reordered": 0.5, "delayed": 0.5, "delay": 120, "seed": 1}
    },
}
"""The other answer to each question that AWS leaves open, as settings of the local AWS."""

_UNDEPLOYABLE: dict[str, Any] = {
    "allowed": {"image_repositories": ["123456789012.dkr.ecr.us-east-1.amazonaws.com/blessed/*"]}
}  # for the access matrix, where an approval is tried for its permission only

_MONITORED: dict[str, Any] = {
    "endpoint": {
        **_HARDWARE,
        "data_capture": {"percentage": 100, "destination": "s3://greenlight-demo-models/captured/matrix"},
    },
    "monitoring": {
        "output": "s3://greenlight-demo-models/reports/matrix",
        "data_quality": {
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/inference:1",
            "schedule": "cron(0 3 ? * * *)",
            "instance_type": "ml.m5.large",
        },
    },
}  # for the role of its jobs, in the access matrix; nothing of it is ever live

_ANSWERED: dict[str, Any] = {"smoke_test": {"payload": "hello", "content_type": "text/plain"}}
_SERVERLESS: dict[str, Any] = {
    **_ANSWERED,
    "endpoint": {
        "serverless": {"memory_mb": 2048, "max_concurrency": 5},
        "network_isolation": False,
    },
    "rollout": {"strategy": "all_at_once"},
    "probation_minutes": 60,
}


def _asynchronous(name: str) -> dict[str, Any]:
    output = f"s3://greenlight-demo-models/answers/{name}"
    return {**_ANSWERED, "endpoint": {**_HARDWARE, "asynchronous": {"output": output}}}


_SHORT_BAKE = {"strategy": "canary", "bake_seconds": 300, "termination_wait_seconds": 0}

_REGISTRANTS = [f"arn:aws:iam::123456789012:role/{role}" for role in ("data-scientists", "model-pipelines")]

_CIRCLED: dict[str, Any] = {
    "registrants": _REGISTRANTS,
    "endpoint": {
        **_HARDWARE,
        "data_capture": {"percentage": 100, "destination": "s3://greenlight-demo-models/captured/circled"},
    },
    "monitoring": {
        "output": "s3://greenlight-demo-models/reports/circled",
        "data_quality": {
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/monitor:1",
            "schedule": "cron(0 3 ? * * *)",
            "instance_type": "ml.m5.large",
        },
    },
    "retraining": {"pipeline": "circled-retrain"},
}

_GATES = {"metrics": [{"name": "recall", "at_least": 0.9}], "metadata": ["dataset"]}

GROUPS: dict[str, dict[str, Any]] = {
    "no-news": {},
    "asked": {},
    "looked-at": {},
    "decided": {"rollout": {"strategy": "all_at_once", "bake_seconds": 120, "termination_wait_seconds": 0}},
    "registered": {"gates": {"metadata": ["dataset"]}, "smoke_test": {"content_type": "text/plain"}},
    "adopted": {},
    "counted": {},
    "counted-back": {},
    "aborted": {},
    "aborted-early-on": {},
    "aborted-early-off": {},
    "unlike-named": {"endpoint": {**_HARDWARE, "name": "another-name"}},
    "foreign": {},
    "quota": {"endpoint": {"instance_type": "ml.p4d.24xlarge", "instance_count": 2}},
    "wrong-packages": {},
    "unloadable": {},
    "self-made": {},
    "lost-events": {},
    "respec": {},
    "malformed": {},
    "scaled": {
        "endpoint": {**_HARDWARE, "autoscaling": {"min": 2, "max": 6, "invocations_per_instance": 500}}
    },
    "paused": {},
    "planned": {},
    "told": {},
    "smoke-tested": {"smoke_test": {"payload": "hello", "content_type": "text/plain"}},
    "sampled": {},
    "gated": {"gates": _GATES},
    "papers": {"gates": _GATES},
    "break-glass": {},
    "by-an-admin": {},
    "annotated-no": {},
    "own-work": {},
    "tampered": {"endpoint": {"instance_type": "ml.p4d.24xlarge", "instance_count": 2}},
    "swapped": {},
    "slipped-in": {},
    "own-content": {},
    "annotated": {},
    "edited": {},
    "awaited": {},
    "unwitnessed": {},
    "audited": {"approval": {"mode": "audit"}},
    "own-policy": {"approval": {"resource_policy": True}},
    "locked": {},
    "picky": {"allowed": {"image_repositories": ["123456789012.dkr.ecr.us-east-1.amazonaws.com/blessed/*"]}},
    "matrix": {
        **_UNDEPLOYABLE,
        "gates": {"metrics": [{"name": "recall", "at_least": 0.9}]},  # for its reader
        **_MONITORED,
    },
    "matrix-other": _UNDEPLOYABLE,
    "matrix-guarded": {**_UNDEPLOYABLE, "approval": {"resource_policy": True}},
    "circled": {"rollout": _SHORT_BAKE, **_CIRCLED},
    "circled-other": {"registrants": _REGISTRANTS, "retraining": {"pipeline": "circled-other-retrain"}},
    "piped-nowhere": {"retraining": {"pipeline": "none"}},
    "strict-door": {"sessions": {"source_identity": True}},
    **dict.fromkeys(("serverless", "serverless-probation", "serverless-in-flight"), _SERVERLESS),
    **{name: _asynchronous(name) for name in ("asynchronous", "asynchronous-guarded")},
    **{name: {"rollout": _SHORT_BAKE} for name in SWITCHES},
}
