"""Small real archives for the tests of serving."""

import gzip
import io
import tarfile

ECHO = """
import os, subprocess, sys, threading, time
def model_fn(model_dir): return open(os.path.join(model_dir, "weights.txt")).read()
def input_fn(body, content_type): return body.decode()
def predict_fn(data, model):
    print("a model may print")
    if data == "raise": raise ValueError("no such tumour")
    if data == "die": os._exit(3)
    if data == "hang": time.sleep(60)
    if data == "die soon": threading.Timer(0.02, os._exit, [1]).start()
    if data == "child": return subprocess.Popen(["sleep", "60"]).pid
    if data == "pid": return os.getpid()
    if data == "variables": return " ".join(sorted(os.environ))
    if data == "modules": import lambdas
    return f"{model}:{data}:{os.environ.get('COLOUR', '')}"
def output_fn(prediction, accept): return str(prediction), "text/plain"
"""
DOUBLES = """
class Doubles:
    def predict(self, rows): return rows.sum(axis=1) * 2
def model_fn(model_dir): return Doubles()
"""


def packed(files: dict[str, str]) -> bytes:
    """A model.tar.gz of these files."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(content.getvalue(), mtime=0)


def linked(name: str, target: str) -> bytes:
    """A model.tar.gz with one symbolic link."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = tarfile.SYMTYPE, target
        archive.addfile(member)
    return gzip.compress(content.getvalue(), mtime=0)


def model(script: str = ECHO) -> bytes:
    """A model.tar.gz with this script."""
    return packed({"weights.txt": "w", "code/inference.py": script})
