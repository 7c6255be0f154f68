"""What SageMaker's scikit-learn container does where a script leaves out input_fn, predict_fn or output_fn.

Sources: SageMaker Python SDK documentation, "Using Scikit-learn with the SageMaker Python SDK", sections "Process
Input", "Get Predictions" and "Process Output"
(sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html); for the element type and status codes,
default_input_fn in aws/sagemaker-scikit-learn-container, serving.py, and _default_transform_fn in
aws/sagemaker-containers, _transformer.py. A CSV of one line stays two-dimensional here, as the documentation has it.
"""

import io
import json
from typing import Any

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
TEXT_TYPES = (JSON, CSV)
"""Content types that the container decodes from UTF-8 before input_fn sees the body."""
_UNSUPPORTED_MEDIA_TYPE, _NOT_ACCEPTABLE = 415, 406


class UnsupportedFormatError(Exception):
    """A default does not speak this content type; `status` is the HTTP status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def default_input(body: str | bytes, content_type: str) -> Any:
    """JSON, CSV (both to 32-bit floats) or NPY to a numpy array.

    Raises:
        UnsupportedFormatError: 415, any other content type.
    """
    import numpy as np  # noqa: PLC0415 - only models that need it pay for it

    kind = media_type(content_type)
    if kind == JSON:
        return np.array(json.loads(body), dtype=np.float32)
    if kind == CSV:
        lines = body if isinstance(body, str) else body.decode()
        return np.loadtxt(io.StringIO(lines), delimiter=",", ndmin=2, dtype=np.float32)
    if kind == NPY and isinstance(body, bytes):
        return np.load(io.BytesIO(body), allow_pickle=False)
    raise UnsupportedFormatError(
        _UNSUPPORTED_MEDIA_TYPE,
        f"the default input_fn does not read {content_type}; send {JSON}, {CSV} or {NPY}",
    )


def default_predict(data: Any, model: Any) -> Any:
    """`model.predict`."""
    return model.predict(data)


def default_output(prediction: Any, accept: str) -> tuple[bytes, str]:
    """An array to JSON, CSV or NPY.

    Raises:
        UnsupportedFormatError: 406, any other type is asked for.
    """
    import numpy as np  # noqa: PLC0415 - only models that need it pay for it

    kind = media_type(accept)
    if kind == JSON:
        return json.dumps(prediction, default=_plain).encode(), JSON
    array = np.asarray(prediction)
    if kind == CSV:
        rows = array.reshape(-1, 1) if array.ndim == 1 else array
        return "".join(",".join(map(str, row)) + "\n" for row in rows.tolist()).encode(), CSV
    if kind == NPY:
        written = io.BytesIO()
        np.save(written, array)
        return written.getvalue(), NPY
    raise UnsupportedFormatError(
        _NOT_ACCEPTABLE, f"the default output_fn does not write {accept}; accept {JSON}, {CSV} or {NPY}"
    )


def media_type(content_type: str) -> str:
    """A content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"the default output_fn cannot write a {type(value).__name__} as JSON")
