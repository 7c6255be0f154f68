"""Sample archives as people pack them, and as nobody should: read strictly, and within bounds."""

import gzip
import io
import tarfile
import tracemalloc
from collections.abc import Callable, Mapping

import pytest

from lambdas.core.archives import is_litter
from lambdas.core.errors import Unreadable
from lambdas.core.samples import sample_of


def tar(
    *files: tuple[str, bytes],
    form: int = tarfile.PAX_FORMAT,
    headers: Mapping[str, str] | None = None,
    kind: bytes = tarfile.REGTYPE,
) -> bytes:
    """A tar archive of these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form, pax_headers=headers) as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size, member.type = len(content), kind
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def packed(*files: tuple[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    return gzip.compress(tar(*files, form=form))


def test_what_a_mac_puts_before_the_real_file_is_no_sample() -> None:
    mac = packed(
        ("._payload.json", b"\0\5\26\7"),
        (".DS_Store", b"Bud1"),
        ("__MACOSX/payload.json", b"x"),
        ("./data/._payload.json", b"x"),
        ("PaxHeaders.0/payload.json", b"20 mtime=1"),
        ("pax_global_header", b"52 comment=x"),
        ("./data/payload.json", b"real"),
        ("later.json", b"later"),
    )
    assert sample_of(mac) == b"real"


@pytest.mark.parametrize("name", ["payload.json", "a_.json", "x._y", "data.DS_Store/x", "PaxHeadersOfMine"])
def test_a_file_that_somebody_packed_is_no_litter(name: str) -> None:
    assert not is_litter(name)


_LARGE = 30_000_000  # bytes: far more than what is read of any archive
BOMBS: dict[str, Callable[[], bytes]] = {
    "pax header": lambda: gzip.compress(tar(("a", b"1"), headers={"comment": "x" * _LARGE}), 1),
    "long name": lambda: gzip.compress(tar(("x" * _LARGE, b"1"), form=tarfile.GNU_FORMAT), 1),
    "folder with content": lambda: gzip.compress(
        tar(("folder", b"x" * _LARGE), kind=tarfile.DIRTYPE) + tar(("a", b"1")), 1
    ),
    "litter": lambda: packed(("._a", b"x" * _LARGE), ("a", b"1")),
    "no tar": lambda: gzip.compress(b"x" * _LARGE, 1),
    "members": lambda: packed(*((f"._{number}", b"") for number in range(2_000)), ("a", b"1")),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_archive_takes_more_memory_than_its_bounds_allow(bomb: str) -> None:
    archive = BOMBS[bomb]()
    tracemalloc.start()
    with pytest.raises(Unreadable, match="its archive cannot be read"):
        sample_of(archive)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize(
    ("archive", "says"),
    [
        (b"PK\3\4rest", "it is a zip archive"),
        (tar(("a", b"1")), "it is a tar archive that is not compressed"),
        (b"BZh9", "it is compressed with bzip2"),
        (b'{"a": 1}', "it is not compressed with gzip. Pack it anew: tar -czf"),
        (gzip.compress(b'{"a": 1}'), "it is cut off|no tar archive"),
        (packed(("a", b"")), "a, its first file, is empty"),
        (gzip.compress(tar(("link", b""), kind=tarfile.SYMTYPE)), "it holds no file"),
        (gzip.compress(tar(("._a", b"x"))[:-10_000] + b"spoiled" * 100), "a spoiled one"),
    ],
    ids=["zip", "tar", "bzip2", "json", "gzip-of-json", "empty-file", "link", "spoiled-header"],
)
def test_what_is_no_sample_archive_is_told_with_the_way_out(archive: bytes, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        sample_of(archive)


@pytest.mark.parametrize("name", ["._payload.json", "payload.json"])
def test_a_member_that_says_it_is_larger_than_any_file_is_not_waited_for(name: str) -> None:
    """tarfile skips it block by block, also where there are none any more: for ever."""
    member = tarfile.TarInfo(name)
    member.size = 2**62
    with pytest.raises(Unreadable, match=r"it is cut off|has 4611686018427387904 bytes"):
        sample_of(gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + b"content"))


@pytest.mark.parametrize("size", [-1, -512, -(2**70)])
def test_a_member_whose_extended_header_gives_it_less_than_nothing_is_told(size: int) -> None:
    """tarfile believes such a header, and reads nothing: an empty sample."""
    said = f" size={size}\n"
    record = f"{len(said) + 2}{said}".encode()
    header = tar(("payload.json", record), kind=tarfile.XHDTYPE)[:1_024]
    archive = gzip.compress(header + tar(("payload.json", b'{"rows": []}')))
    with pytest.raises(Unreadable, match=r"payload\.json says that it has -"):
        sample_of(archive)


def test_a_members_name_is_quoted_in_bounds_whatever_it_holds() -> None:
    name = "\N{PILE OF POO}" * 5_000
    with pytest.raises(Unreadable) as caught:
        sample_of(packed((name, b"x" * 1_000_001)))
    assert len(str(caught.value)) < 300
