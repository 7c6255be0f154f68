"""Options of `register`, and the files that they name: a candidate, or all that is wrong in lines."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from cli.candidate import NotRegistrableError, Said, candidate
from tests.e2e.models import artifact
from tests.fuzz.archives import archives
from tests.fuzz.documents import documents
from tests.fuzz.registry import target

_IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/scoring:7"
_FILES = [
    "model.tar.gz",
    "a.json",
    "b.tgz",
    "dt=1/a.json",
    "k=v",
    "missing",
    "",
    ".",
    "/dev/null",
    "pipe",
    "a\0b",
]
_SOUND = artifact("sound", "m")

files = st.sampled_from(_FILES) | st.text(max_size=10)
pairs = st.lists(
    st.sampled_from(["dt=1/a.json", "k=v", "a/b=c", "=", "a=", "a=b=c", "a.json", "\ud800=1"])
    | st.text(max_size=12),
    max_size=3,
)
asked = st.fixed_dictionaries(
    {"artifact": files | st.just("model.tar.gz")},
    optional={
        "image": st.just(_IMAGE) | st.text(max_size=20),
        "metrics": files,
        "statistics": files,
        "constraints": files,
        "sample": files,
        "model_card": files,
        "metadata": pairs,
        "lineage": pairs,
        "environment": pairs,
        "content_types": st.lists(st.text(max_size=10), max_size=2),
        "description": st.text(max_size=20),
    },
)


@contextmanager
def _folder(document: bytes, archive: bytes) -> Iterator[None]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            Path("model.tar.gz").write_bytes(_SOUND if len(archive) % 2 else archive)
            Path("dt=1").mkdir()
            for name in ("a.json", "dt=1/a.json", "k=v"):
                Path(name).write_bytes(document)
            Path("b.tgz").write_bytes(archive)
            os.mkfifo("pipe")
            yield
        finally:
            os.chdir(before)


@target(st.tuples(asked, documents(), archives()))
def registrations(given: tuple[dict[str, Any], bytes, bytes]) -> None:
    """There is a request that JSON can spell, or everything that is wrong is said in a few short lines."""
    options, document, archive = given
    with _folder(document, archive):
        try:
            found = candidate(Said(**{"image": _IMAGE, **options}))
        except NotRegistrableError as error:
            _is_told(str(error).splitlines())
            return
    json.dumps(found.request("group", dict.fromkeys(("artifact", *found.uploads), "s3://b/k")))


def _is_told(lines: list[str]) -> None:
    """Each option has a few things that can be wrong, and an archive several kinds of members."""
    assert 0 < len(lines) < 60
    assert max(map(len, lines)) < 12_000
