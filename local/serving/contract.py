"""The inference contract of SageMaker's framework containers: model_fn, input_fn, predict_fn, output_fn.

Sources: SageMaker Python SDK documentation, "Using Scikit-learn with the SageMaker Python SDK", "SageMaker Scikit-learn
Model Server" (sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html), and "Deploy PyTorch Models",
"Model Directory Structure", for the folder `code`. `model_fn` is required; the others have defaults (`defaults.py`), or
`transform_fn` stands for all three. That text arrives decoded, and what a missing Accept means:
aws/sagemaker-containers, _worker.py.
"""

import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from local.serving import defaults

CONTAINER_MODEL_DIR = PurePosixPath("/opt/ml/model")
"""Where SageMaker extracts model.tar.gz in a container: "How SageMaker AI Loads Your Model Artifacts"."""

Transform = Callable[[Any, str | bytes, str, str], Any]
"""transform_fn(model, body, content_type, accept)."""


class ContractError(Exception):
    """The archive does not hold what the contract asks for; says what is missing."""


@dataclass(frozen=True)
class Inference:
    """A loaded model and what runs a request through it."""

    model: Any
    transform: Transform
    default_accept: str

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Run one request; returns the body and its content type.

        Raises:
            UnsupportedFormatError: a default does not speak the content type.
            Exception: whatever the model raises.
        """
        content_type = content_type or defaults.JSON
        accept = self.default_accept if accept in ("", "*/*") else accept
        text = defaults.media_type(content_type) in defaults.TEXT_TYPES
        result = self.transform(self.model, body.decode() if text else body, content_type, accept)
        content, kind = result if isinstance(result, tuple) else (result, accept)
        if not isinstance(content, bytes | str):
            raise TypeError(f"the script answered with a {type(content).__name__}; return str or bytes")
        return content if isinstance(content, bytes) else content.encode(), str(kind)


def load(model_dir: Path, environment: Mapping[str, str]) -> Inference:
    """Load the model in an extracted archive.

    Args:
        model_dir: where the archive was extracted.
        environment: the container's variables: SAGEMAKER_PROGRAM (the script, inference.py), SAGEMAKER_SUBMIT_DIRECTORY
            (its folder, /opt/ml/model/code), SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT (application/json).

    Raises:
        ContractError: the script or its `model_fn` is missing, or the script or `model_fn` raised.
    """
    script = _script(model_dir, environment)
    module = _import(script)
    if not hasattr(module, "model_fn"):
        raise ContractError(f"{script.name} defines no model_fn(model_dir)")
    transform = _transform(module, script.name)
    try:
        model = module.model_fn(str(model_dir))
    except Exception as error:
        raise ContractError(f"model_fn raised {type(error).__name__}: {error}") from error
    return Inference(model, transform, environment.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", defaults.JSON))


def _script(model_dir: Path, environment: Mapping[str, str]) -> Path:
    program = environment.get("SAGEMAKER_PROGRAM") or "inference.py"
    named = environment.get("SAGEMAKER_SUBMIT_DIRECTORY") or str(CONTAINER_MODEL_DIR / "code")
    folder = PurePosixPath(named)
    if not folder.is_relative_to(CONTAINER_MODEL_DIR):
        raise ContractError(
            f"SAGEMAKER_SUBMIT_DIRECTORY is {named}; the local AWS runs only a script that is in model.tar.gz: "
            f"pack it into the folder code and name {CONTAINER_MODEL_DIR}/code"
        )
    inside = folder.relative_to(CONTAINER_MODEL_DIR) / program
    script = (model_dir / inside).resolve()
    if not script.is_relative_to(model_dir.resolve()) or not script.is_file():
        held = sorted(str(path.relative_to(model_dir)) for path in model_dir.rglob("*") if not path.is_dir())
        raise ContractError(f"model.tar.gz has no {inside}; it holds {', '.join(held) or 'nothing'}")
    return script


def _import(script: Path) -> ModuleType:
    sys.path.insert(0, str(script.parent))
    spec = importlib.util.spec_from_file_location(script.stem, script)
    if spec is None or spec.loader is None:
        raise ContractError(f"SAGEMAKER_PROGRAM is {script.name}, which is not a Python script")
    module = importlib.util.module_from_spec(spec)
    sys.modules[script.stem] = module  # so that a pickle finds the classes that the script defines
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ContractError(f"importing {script.name} raised {type(error).__name__}: {error}") from error
    return module


def _transform(module: ModuleType, name: str) -> Transform:
    steps = ("input_fn", "predict_fn", "output_fn")
    whole: Transform | None = getattr(module, "transform_fn", None)
    if whole is not None:
        if any(hasattr(module, step) for step in steps):
            raise ContractError(
                f"{name} defines transform_fn beside {', '.join(steps)}; keep one or the other"
            )
        return whole
    read = getattr(module, "input_fn", defaults.default_input)
    predict = getattr(module, "predict_fn", defaults.default_predict)
    write = getattr(module, "output_fn", defaults.default_output)
    return lambda model, body, content_type, accept: write(predict(read(body, content_type), model), accept)
