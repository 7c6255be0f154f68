"""Packs a trained pipeline and its script as a model.tar.gz whose bytes depend on nothing else."""

import gzip
import io
import pickle
import tarfile
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).parent / "inference" / "by_name.py"


def pack(pipeline: Any, asks_for: tuple[str, ...]) -> bytes:
    """A model.tar.gz without times or owners.

    Args:
        pipeline: a fitted scikit-learn pipeline.
        asks_for: the names under which a request must hold its measurements, in the pipeline's order.
    """
    content = {
        "model.pkl": pickle.dumps({"pipeline": pipeline, "features": asks_for}, protocol=4),
        "code/inference.py": _SCRIPT.read_bytes(),
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), mtime=0)
