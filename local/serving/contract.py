"""The inference contract of SageMaker's framework containers: model_fn, input_fn, predict_fn, output_fn.

Source: SageMaker Python SDK documentation, "Using Scikit-learn with the SageMaker Python SDK", "SageMaker
Scikit-learn Model Server": `model_fn` is required; the other three have defaults for JSON and CSV arrays.
"""

import importlib.util
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

JSON, CSV = "application/json", "text/csv"


class ContractError(Exception):
    """The archive does not hold what the contract asks for; says what is missing."""


@dataclass(frozen=True)
class Inference:
    """A loaded model and the functions around it."""

    model: Any
    input_fn: Callable[[bytes, str], Any]
    predict_fn: Callable[[Any, Any], Any]
    output_fn: Callable[[Any, str], Any]

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Run one request through all; returns the body and its content type. Raises whatever the model raises."""
        prediction = self.predict_fn(self.input_fn(body, content_type), self.model)
        result = self.output_fn(prediction, accept)
        content, kind = result if isinstance(result, tuple) else (result, accept)
        return content if isinstance(content, bytes) else str(content).encode(), kind


def load(model_dir: Path, program: str) -> Inference:
    """Load the model in an extracted archive.

    Args:
        model_dir: where the archive was extracted (SM_MODEL_DIR).
        program: the script in its folder `code` (SAGEMAKER_PROGRAM).

    Raises:
        ContractError: the script or its `model_fn` is missing; or the script or `model_fn` raised.
    """
    script = model_dir / "code" / program
    if not script.is_file():
        raise ContractError(f"model.tar.gz has no code/{program}")
    module = _import(script)
    if not hasattr(module, "model_fn"):
        raise ContractError(f"code/{program} defines no model_fn(model_dir)")
    try:
        model = module.model_fn(str(model_dir))
    except Exception as error:
        raise ContractError(f"model_fn raised {type(error).__name__}: {error}") from error
    return Inference(
        model,
        getattr(module, "input_fn", default_input),
        getattr(module, "predict_fn", default_predict),
        getattr(module, "output_fn", default_output),
    )


def _import(script: Path) -> ModuleType:
    sys.path.insert(0, str(script.parent))
    spec = importlib.util.spec_from_file_location(script.stem, script)
    if spec is None or spec.loader is None:
        raise ContractError(f"{script.name} is not a Python script")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ContractError(f"importing code/{script.name} raised {type(error).__name__}: {error}") from error
    return module


def default_input(body: bytes, content_type: str) -> Any:
    """JSON or CSV to a numpy array."""
    import numpy as np  # noqa: PLC0415 - only models that need it pay for it

    if content_type.startswith(JSON):
        return np.asarray(json.loads(body))
    if content_type.startswith(CSV):
        return np.loadtxt(io.BytesIO(body), delimiter=",", ndmin=2)
    raise ValueError(f"content type {content_type} is not supported; send {JSON} or {CSV}")


def default_predict(data: Any, model: Any) -> Any:
    """`model.predict`."""
    return model.predict(data)


def default_output(prediction: Any, accept: str) -> tuple[str, str]:
    """An array to JSON, or to CSV where that is asked for."""
    rows = prediction.tolist() if hasattr(prediction, "tolist") else prediction
    if accept.startswith(CSV):
        return "\n".join(str(row) for row in rows), CSV
    return json.dumps(rows), JSON
