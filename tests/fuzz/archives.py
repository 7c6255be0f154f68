"""Archives: samples as the functions read them, models as `register` does."""

import gzip
import io
import tarfile
import tempfile
import tracemalloc
from pathlib import Path, PurePosixPath

from hypothesis import strategies as st

from cli.model_archive import inspect
from lambdas.core.errors import Unreadable
from lambdas.core.samples import sample_of
from tests.fuzz.registry import target

_BLOCK = 512
_MOST_MEMORY = (
    30_000_000  # bytes beside the archive: a file of a megabyte, several times over, and gzip's window
)
_LONGEST_REASON = 1_200  # characters: several members may be named in one
_KINDS = [
    b"0",
    b"\0",
    b"1",
    b"2",
    b"3",
    b"4",
    b"5",
    b"6",
    b"7",
    b"x",
    b"g",
    b"L",
    b"K",
    b"S",
    b"X",
    b"D",
    b"?",
]

names = st.one_of(
    st.sampled_from(
        ["payload.json", "._payload.json", ".DS_Store", "__MACOSX/a", "../a", "/a", "a/../../b", ""]
    ),
    st.text(max_size=120),
)


def _field(number: int, width: int) -> bytes:
    if 0 <= number < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, number)
    return (0x80 << (8 * (width - 1)) | (number & ((1 << (8 * (width - 1))) - 1))).to_bytes(width, "big")


@st.composite
def blocks(draw: st.DrawFn) -> bytes:
    """A header with a right checksum and any kind, size and name, and content that need not fit it."""
    name = draw(names).encode("utf-8", "surrogatepass")[:100].ljust(100, b"\0")
    content = draw(st.binary(max_size=600) | pax_records)
    honest = len(content)
    size = draw(st.sampled_from([honest, honest, honest, 0, 1, 2**33, 2**62, -1, -512, 1_000_001, 70_000]))
    kind = draw(st.sampled_from(_KINDS))
    magic = draw(st.sampled_from([b"ustar\x0000", b"ustar  \0", b"\0" * 8]))
    head = name + b"0000644\0" + b"0000000\0" * 2 + _field(size, 12) + b"00000000000\0" + b" " * 8 + kind
    head = (head + draw(names).encode("utf-8", "replace")[:100].ljust(100, b"\0") + magic).ljust(
        _BLOCK, b"\0"
    )
    checksum = b"%06o\0 " % sum(head)
    padded = content.ljust(-(-len(content) // _BLOCK) * _BLOCK, b"\0")
    return head[:148] + checksum + head[156:] + padded


@st.composite
def _pax(draw: st.DrawFn) -> bytes:
    found = b""
    for key, value in draw(
        st.lists(
            st.tuples(
                st.sampled_from(
                    [
                        "path",
                        "size",
                        "linkpath",
                        "mtime",
                        "GNU.sparse.map",
                        "GNU.sparse.major",
                        "GNU.sparse.size",
                        "GNU.sparse.realsize",
                        "GNU.sparse.name",
                        "hdrcharset",
                        "comment",
                        "uid",
                    ]
                ),
                st.sampled_from(
                    ["", "-1", "9" * 5_000, "0,1", "1e400", "BINARY", "a" * 300, "1", "0", "../x"]
                )
                | st.text(max_size=20),
            ),
            max_size=4,
        )
    ):
        record = f" {key}={value}\n".encode("utf-8", "replace")
        length = len(record) + 1
        while len(str(length)) + len(record) != length:
            length = len(str(length)) + len(record)
        found += str(length).encode() + record
    return found


pax_records = _pax()


@st.composite
def tars(draw: st.DrawFn) -> bytes:
    """A tar archive: by tarfile itself, of headers as above, or both after one another."""
    made = b"".join(draw(st.lists(blocks(), max_size=4)))
    if draw(st.booleans()):
        buffer, form = io.BytesIO(), draw(st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]))
        with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
            for name in draw(st.lists(names, max_size=4)):
                member, content = tarfile.TarInfo(name), draw(st.binary(max_size=2_000))
                member.size, member.type = len(content), draw(st.sampled_from([b"0", b"0", b"5", b"2", b"1"]))
                member.linkname = draw(names)
                if draw(st.booleans()):
                    member.pax_headers = {"comment": "x" * draw(st.sampled_from([10, 100, 70_000]))}
                archive.addfile(member, io.BytesIO(content))
        made += buffer.getvalue()
    return made + b"\0" * draw(st.sampled_from([0, 512, 1024, 10_240]))


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """A .tar.gz, sound or spoiled somewhere, or something else."""
    content = bytearray(draw(st.one_of(tars(), tars(), st.binary(max_size=2_000))))
    for _ in range(draw(st.integers(0, 2)) if content else 0):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    made = bytearray(gzip.compress(bytes(content), 1) if draw(st.integers(0, 9)) else content)
    if made and not draw(st.integers(0, 4)):
        made[draw(st.integers(0, len(made) - 1))] = draw(st.integers(0, 255))
    if made and not draw(st.integers(0, 4)):
        del made[draw(st.integers(0, len(made) - 1)) :]
    return bytes(made)


def _is_a_reason(error: Unreadable, kinds: int = 1) -> None:
    assert 0 < len(str(error)) < kinds * _LONGEST_REASON


@target(archives())
def samples(archive: bytes) -> None:
    """A sample is a file of at most a megabyte, or a reason; either takes little memory."""
    tracemalloc.start()
    try:
        content = sample_of(archive)
    except Unreadable as error:
        _is_a_reason(error)
    else:
        assert 0 < len(content) <= 1_000_000
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < _MOST_MEMORY, peak


@target(archives())
def models(archive: bytes) -> None:
    """What `register` lets pass, tarfile itself reads to its end, and it holds files and folders with sound names."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.tar.gz")
        file.write_bytes(archive)
        try:
            odd = inspect(file)
        except Unreadable as error:
            _is_a_reason(error, kinds=8)
            return
        assert all(len(one) < _LONGEST_REASON for one in odd)
        with tarfile.open(file, "r:gz") as opened:
            members = opened.getmembers()
    assert any(member.isfile() and member.size for member in members)
    for member in members:
        assert member.isfile() or member.isdir()
        path = PurePosixPath(member.name)
        assert not path.is_absolute()
        assert ".." not in path.parts
