"""Archives of an index that somebody made to hurt: bounded memory and time, and an answer in words."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from paper2run.index.package_metadata import METADATA_FILES
from tasks.drivers.host.tar_members import members
from tasks.drivers.host.unpacking import Unpacked, UnpackingError
from tasks.drivers.index import remote_archive
from tasks.drivers.index.remote_archive import (
    MAX_MEMBERS,
    RemoteFile,
    UnreadableArchive,
    source_texts,
    wheel_members,
    wheel_metadata_text,
)

MB = 1024**2
PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "plain": bytes}
ALLOWED_MB = 200
"""Far below what the headers claim; reading itself takes under 20 MB."""


def header(name: str, kind: bytes, size_bytes: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size_bytes
    return member.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK]
)
@pytest.mark.parametrize("ending", ["gz", "bz2", "xz"])
def test_a_header_of_gigabytes_is_refused_before_it_is_read(
    within_memory, soon, ending: str, kind: bytes
) -> None:
    packer = PACKERS[ending]
    data = packer(header("a", kind, 800 * MB)) + packer(bytes(8 * MB)) * 100
    assert len(data) < MB
    with pytest.raises(UnreadableArchive, match="header"), soon(5):
        within_memory(ALLOWED_MB, lambda: source_texts(f"a-1.tar.{ending}", data))


def test_an_archive_that_unpacks_for_ever_is_left_at_the_limit(monkeypatch, within_memory) -> None:
    monkeypatch.setattr(remote_archive, "MAX_UNPACKED_BYTES", 256 * MB)
    data = gzip.compress(header("a", tarfile.REGTYPE, 10**10)) + gzip.compress(bytes(8 * MB)) * 40
    with pytest.raises(UnreadableArchive, match="unpacks to more than"):
        within_memory(ALLOWED_MB, lambda: source_texts("a-1.tar.gz", data))


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz"])
def test_nothing_unpacks_to_more_than_it_may(within_memory, ending: str) -> None:
    data = PACKERS[ending](bytes(8 * MB)) * 100
    with pytest.raises(UnpackingError, match="unpacks to more than 64 MB"):
        within_memory(20, lambda: Unpacked(data, 64 * MB).skip(800 * MB))


def test_a_pax_header_of_digits_takes_no_quadratic_time(soon) -> None:
    digits = b"1" * (2 * MB)
    data = header("a", tarfile.XHDTYPE, len(digits)) + digits
    with soon(5), pytest.raises(UnreadableArchive, match="pax header"):
        source_texts("a-1.tar", data)


def test_many_small_pax_records_are_read_in_time(soon) -> None:
    records = b"6 a=b\n" * 300_000
    padded = records + bytes(-len(records) % 512)
    one = header("a", tarfile.XHDTYPE, len(records)) + padded + header("a", tarfile.REGTYPE, 0)
    with soon(10):
        assert source_texts("a-1.tar", one)[0] == ["a"]


def test_a_dictionary_of_gigabytes_is_refused(within_memory) -> None:
    filters = [
        {"id": lzma.FILTER_LZMA2, "dict_size": 192 * MB, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3}
    ]
    packed = lzma.compress(header("a", tarfile.REGTYPE, 0), filters=filters)
    with pytest.raises(UnreadableArchive, match="Memory usage limit"):
        within_memory(ALLOWED_MB, lambda: source_texts("a-1.tar.xz", packed))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_packs_with_what_unpacks_at_once_is_not_read(within_memory, method: int) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr("a-1.dist-info/METADATA", bytes(50 * MB))
    packed = bytearray(data.getvalue())
    # The directory claims a small text; the stream holds 50 MB.
    at = packed.rindex(b"PK\x01\x02")
    packed[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    with pytest.raises(UnreadableArchive, match="no METADATA"):
        within_memory(30, lambda: wheel_metadata_text(io.BytesIO(packed)))
    names, texts = source_texts("a-1.zip", bytes(packed))
    assert (names, texts) == (["a-1.dist-info/METADATA"], {})


def test_a_zip_of_half_a_million_members_is_refused(within_memory, soon) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a", "")
    one = data.getvalue()
    at = one.index(b"PK\x01\x02")
    entry, end = one[at : one.index(b"PK\x05\x06")], one[one.index(b"PK\x05\x06") :]
    count = 600_000
    directory = entry * count
    tail = bytearray(end)
    tail[12:16] = len(directory).to_bytes(4, "little")
    packed = one[:at] + directory + bytes(tail)
    with soon(5), pytest.raises(UnreadableArchive):
        within_memory(ALLOWED_MB, lambda: source_texts("a-1.zip", packed))


def test_a_thousand_texts_of_one_name_are_not_held_in_memory(within_memory) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz", compresslevel=1) as archive:
        for number in range(60):
            member = tarfile.TarInfo(f"a-1/{number:03}/setup.py")
            member.size = 2 * MB
            archive.addfile(member, io.BytesIO(bytes(2 * MB)))
    names, texts = within_memory(60, lambda: source_texts("a-1.tar.gz", data.getvalue()))
    assert len(names) == 60
    assert list(texts) == ["a-1/059/setup.py"]


def test_more_members_than_anybody_packs_are_refused(soon) -> None:
    data = header("a", tarfile.REGTYPE, 0) * (MAX_MEMBERS + 1)
    with soon(10), pytest.raises(UnreadableArchive, match="members"):
        source_texts("a-1.tar", data)


def test_a_wheel_on_the_index_that_asks_for_too_much_is_left() -> None:
    asked: list[int] = []

    def fetch(start: int, end: int) -> bytes:
        asked.append(end - start)
        return bytes(end - start)

    file = RemoteFile(10**9, fetch)
    with pytest.raises(UnreadableArchive):
        file.seek(0)
        file.read()
    with pytest.raises(UnreadableArchive):
        for _ in range(100):
            file.seek(0)
            file.read(MB)
    assert sum(asked) < 70 * MB


@pytest.mark.parametrize("size_bytes", [0, -5])
def test_a_wheel_without_a_size_is_left(size_bytes: int) -> None:
    with pytest.raises(UnreadableArchive):
        RemoteFile(size_bytes, lambda start, end: b"")


def tar_of(texts: dict[str, bytes], form: int) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=form) as archive:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return data.getvalue()


NAMES = st.lists(
    st.sampled_from(["a", "b-1", "ü", "x" * 90, "y" * 200]), min_size=1, max_size=4
).map("/".join)
SETS = st.dictionaries(NAMES, st.binary(max_size=1500), max_size=6)


@given(
    texts=SETS,
    form=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    ending=st.sampled_from(sorted(PACKERS)),
)
def test_honest_archives_read_as_tarfile_reads_them(
    texts: dict[str, bytes], form: int, ending: str
) -> None:
    packed = PACKERS[ending](tar_of(texts, form))
    found = (
        {member.name: member.read() for member in members(Unpacked(packed, 100 * MB))}
        if texts
        else {}
    )
    assert found == texts


@given(data=st.binary(max_size=2000), ending=st.sampled_from(sorted(PACKERS)))
def test_data_in_two_streams_is_one_content(data: bytes, ending: str) -> None:
    packer = PACKERS[ending]
    # What is not packed may begin like something that is.
    assume(ending != "plain" or not data.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")))
    assert Unpacked(packer(data) + packer(data), MB).read(MB) == data + data


@given(
    texts=SETS,
    ending=st.sampled_from(sorted(PACKERS)),
    at=st.integers(0, 5000),
    byte=st.integers(0, 255),
)
def test_a_damaged_archive_is_unreadable_or_read_and_nothing_else(
    texts: dict[str, bytes], ending: str, at: int, byte: int
) -> None:
    texts = {f"a/{name}": text for name, text in zip(METADATA_FILES, texts.values(), strict=False)}
    packed = bytearray(PACKERS[ending](tar_of(texts, tarfile.PAX_FORMAT)))
    packed[at % len(packed)] = byte
    for damaged in (bytes(packed), bytes(packed[:at])):
        try:
            source_texts("a-1.tar.gz", damaged)
        except UnreadableArchive as error:
            assert str(error)


@given(
    text=st.binary(max_size=500),
    at=st.integers(0, 2000),
    byte=st.integers(0, 255),
    cut=st.integers(0, 2000),
)
def test_a_damaged_zip_is_unreadable_or_read_and_nothing_else(
    text: bytes, at: int, byte: int, cut: int
) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a-1.dist-info/METADATA", text)
        archive.writestr("a-1/setup.py", text)
    packed = bytearray(data.getvalue())
    packed[at % len(packed)] = byte
    for damaged in (
        bytes(packed),
        bytes(packed[: cut % len(packed)]),
        bytes(packed[cut % len(packed) :]),
    ):
        for read in (wheel_metadata_text, wheel_members, zip_texts):
            try:
                read(io.BytesIO(damaged))
            except UnreadableArchive as error:
                assert str(error)


def zip_texts(file: io.BytesIO) -> object:
    return source_texts("a-1.zip", file.getvalue())


def test_data_that_breaks_off_is_damaged() -> None:
    for packer in (gzip.compress, bz2.compress, lzma.compress):
        packed = packer(bytes(5000))
        with pytest.raises(UnpackingError, match="damaged"):
            Unpacked(packed[:-3], MB).read(MB)
