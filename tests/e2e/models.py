"""Tiny real artifacts: they start in a blink, and behave as a test wants."""

import gzip
import io
import tarfile

_SCRIPTS = {
    "sound": "",
    "broken": 'raise KeyError("a feature that requests do not have")',
    "fragile": 'if b"changed" in data: raise ValueError("the data changed")',
}
_TEMPLATE = """
def model_fn(model_dir): return "{name}"
def input_fn(body, content_type): return body
def predict_fn(data, model):
    {script}
    return model
def output_fn(prediction, accept): return prediction, "text/plain"
"""


def artifact(kind: str, name: str) -> bytes:
    """A model.tar.gz.

    Args:
        kind: `sound`; `broken`: it loads, and errors on each request; `fragile`: it errors on requests that hold
            the word `changed`; `unloadable`: its container does not start.
        name: what it answers.
    """
    if kind == "unloadable":
        return _packed("raise RuntimeError('no such library')")
    return _packed(_TEMPLATE.format(name=name, script=_SCRIPTS[kind] or "pass"))


def _packed(script: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(script.encode())
        archive.addfile(member, io.BytesIO(script.encode()))
    return gzip.compress(content.getvalue(), mtime=0)
