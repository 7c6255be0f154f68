"""The demo's pipeline of retraining, and an example to copy: new data in, a pending version out.

It trains on the clinics' newest requests whose diagnosis is known by now, together with the data that the first
versions were trained on (after the change of RADII: 0.96 of the new tumours right, 0.94 without the old data, 0.77
before); says how well the live version does on what it did not train on, and how well the new one;
and registers the new one as pending, in the group's own registrant role. Nothing here deploys: an approver decides.
"""

import base64
import json
import pickle
import tarfile
from datetime import datetime
from io import BytesIO
from typing import Any

import boto3

from lambdas.core.names import ROLE_PATH, RUN_KEY, role_name
from local.models import baselines
from local.models.data import split
from local.models.evaluation import Evaluation, evaluate
from local.models.packing import pack
from local.models.recipes import RECIPES
from local.pipeline import Job

ON_NEW_DATA = "accuracy-on-new-data"
"""The metadata by which the live version and the new one can be compared: both on the same new tumours."""
_NEWEST, _FEWEST = 500, 40  # requests that are looked at; tumours without which there is no training
_RECIPE = RECIPES["v5"]  # bears measurements that are not reported
_JSON = "application/json"


def definition(artifacts: str, captured: str, image: str) -> str:
    """What CreatePipeline takes: the parameters, of which Greenlight gives the first six.

    Args:
        artifacts: where the group's artifacts lie, with the labels below `truth/`.
        captured: where the endpoint's requests are captured.
        image: that serves the model.
    """
    given = ("Group", "Run", "LiveVersion", "Reason", "WindowStart", "WindowEnd")
    defaults = {f"Greenlight{name}": "none" for name in given}
    defaults |= {"Artifacts": artifacts, "Captured": captured, "Image": image}
    parameters = [{"Name": name, "Type": "String", "DefaultValue": value} for name, value in defaults.items()]
    return json.dumps({"Version": "2020-12-01", "Parameters": parameters, "Steps": []})


def run(job: Job) -> list[str]:
    """Train, compare, register; the ARN of the new version.

    Raises:
        ValueError: too few of the window's requests have a label.
    """
    import numpy as np  # noqa: PLC0415 - slow to import, and only training needs it
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    told, s3 = job.parameters, boto3.client("s3")
    known, rows, labels = split(), *_labelled(s3, job)
    new, held_out, new_labels, held_out_labels = train_test_split(
        rows, labels, test_size=0.5, random_state=7, stratify=labels
    )
    pipeline = _RECIPE.pipeline()
    pipeline.fit(np.vstack([known.train, new]), np.concatenate([known.train_labels, new_labels]))
    evaluation = evaluate(held_out_labels, pipeline.predict_proba(held_out)[:, 1])

    registrant = _registrant(job)
    live = None
    if told["GreenlightLiveVersion"] != "none":
        arn = f"arn:aws:sagemaker:{job.region}:{job.account}:model-package/{told['GreenlightGroup']}"
        live = registrant.describe_model_package(ModelPackageName=f"{arn}/{told['GreenlightLiveVersion']}")
        accuracy = _accuracy(_read(s3, _container(live)["ModelDataUrl"]), held_out, held_out_labels)
        registrant.update_model_package(
            ModelPackageArn=live["ModelPackageArn"],
            CustomerMetadataProperties={ON_NEW_DATA: f"{accuracy:.4f}"},
        )
    # What it is to meet is what comes now: its drift is measured from there.
    statistics, constraints = baselines.of(known.features, rows)
    places = {
        name: _write(s3, f"{told['Artifacts']}/{told['GreenlightRun']}/{name}", content)
        for name, content in (
            ("model.tar.gz", pack(pipeline, known.features)),
            ("evaluation.json", json.dumps(evaluation.report()).encode()),
            ("statistics.json", json.dumps(statistics).encode()),
            ("constraints.json", json.dumps(constraints).encode()),
        )
    }
    request = _request(job, evaluation, places, f"Retrained on {len(new)} new tumours")
    if live is not None and "SamplePayloadUrl" in live:
        request["SamplePayloadUrl"] = live["SamplePayloadUrl"]
    return [str(registrant.create_model_package(**request)["ModelPackageArn"])]


def _labelled(s3: Any, job: Job) -> tuple[Any, Any]:
    """The measurements, shape (tumours, 30), and labels of the window's newest requests, each tumour once."""
    import numpy as np  # noqa: PLC0415 - slow to import, and only training needs it

    told, features = job.parameters, split().features
    start, end = (datetime.fromisoformat(told[f"GreenlightWindow{edge}"]) for edge in ("Start", "End"))
    truth = {uri.rpartition("/")[2]: uri for _, uri in _objects(s3, f"{told['Artifacts']}/truth/")}
    captured = _objects(s3, f"{told['Captured']}/")
    newest = [uri for at, uri in sorted(captured) if start <= at <= end][-_NEWEST:]
    found: dict[str, int] = {}
    for line in (json.loads(line) for uri in newest for line in _read(s3, uri).splitlines()):
        label = truth.get(f"{line['eventMetadata'].get('inferenceId')}.json")
        if label is None:
            continue  # nobody knows yet, or it is a smoke test
        (tumour,) = _asked(line)
        if (row := json.dumps([tumour[name] for name in features])) not in found:
            found[row] = json.loads(_read(s3, label))["malignant"]
    if len(found) < _FEWEST:
        raise ValueError(
            f"of the {len(newest)} newest requests from {start} to {end}, {len(found)} tumours have a label; at least "
            f"{_FEWEST} are needed"
        )
    return np.array([json.loads(row) for row in found], dtype=float), np.array(list(found.values()))


def _asked(line: dict[str, Any]) -> list[dict[str, float | None]]:
    """The tumours of a captured request."""
    asked = line["captureData"]["endpointInput"]
    text = base64.b64decode(asked["data"]) if asked["encoding"] == "BASE64" else asked["data"]
    return list(json.loads(text)["tumours"])


def _accuracy(model_tar: bytes, rows: Any, labels: Any) -> float:
    """Of another version's model, by its own archive, on rows of all measurements."""
    with tarfile.open(fileobj=BytesIO(model_tar)) as archive:
        packed = archive.extractfile("model.pkl")
        model = pickle.loads(packed.read() if packed else b"")  # noqa: S301 - the group's own archive
    columns = [split().features.index(name) for name in model["features"]]
    return evaluate(labels, model["pipeline"].predict_proba(rows[:, columns])[:, 1]).values["accuracy"]


def _request(job: Job, evaluation: Evaluation, places: dict[str, str], description: str) -> dict[str, Any]:
    """CreateModelPackage's, with where it comes from and what it is compared by."""
    files = {name: {"ContentType": _JSON, "S3Uri": uri} for name, uri in places.items()}
    container = {"Image": job.parameters["Image"], "ModelDataUrl": places["model.tar.gz"]}
    return {
        "ModelPackageGroupName": job.parameters["GreenlightGroup"],
        "ModelPackageDescription": description,
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": [_JSON, "text/csv"],
            "SupportedResponseMIMETypes": [_JSON],
        },
        "ModelMetrics": {"ModelQuality": {"Statistics": files["evaluation.json"]}},
        "DriftCheckBaselines": {
            "ModelDataQuality": {
                "Statistics": files["statistics.json"],
                "Constraints": files["constraints.json"],
            }
        },
        "MetadataProperties": {"GeneratedBy": job.execution_arn},
        "CustomerMetadataProperties": {
            ON_NEW_DATA: f"{evaluation.values['accuracy']:.4f}",
            RUN_KEY: job.parameters["GreenlightRun"],
        },
    }


def _registrant(job: Job) -> Any:
    """SageMaker in the group's registrant role, which the pipeline's role may step into."""
    role = f"{ROLE_PATH}{role_name(job.parameters['GreenlightGroup'], 'registrant')}"
    taken = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{job.account}:role{role}",
        RoleSessionName=job.parameters["GreenlightRun"][:64],
    )["Credentials"]
    return boto3.client(
        "sagemaker",
        aws_access_key_id=taken["AccessKeyId"],
        aws_secret_access_key=taken["SecretAccessKey"],
        aws_session_token=taken["SessionToken"],
    )


def _container(package: dict[str, Any]) -> dict[str, Any]:
    return dict(package["InferenceSpecification"]["Containers"][0])


def _objects(s3: Any, below: str) -> list[tuple[datetime, str]]:
    """When each object below a prefix was written, and its URI."""
    bucket, prefix = _place(below)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    found = (one for page in pages for one in page.get("Contents", []))
    return [(one["LastModified"], f"s3://{bucket}/{one['Key']}") for one in found]


def _read(s3: Any, uri: str) -> bytes:
    bucket, key = _place(uri)
    return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def _write(s3: Any, uri: str, content: bytes) -> str:
    bucket, key = _place(uri)
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    return uri


def _place(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
