"""Zips that are sent: what is in them is answered, within the limits of a request."""

import io
import random
import zipfile
from contextlib import suppress

import pytest

from tailwise.serve.limits import Limits
from tailwise.serve.uploads import Refused, Upload, unzipped

LIMITS = Limits(bytes=1000, files=3)


def packed(named: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Upload:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", how) as archive:
        for name, data in named.items():
            archive.writestr(name, data)
    return Upload("Sent.ZIP", content.getvalue())


def test_what_is_in_a_zip_takes_its_place_without_what_systems_add():
    archive = packed(
        {"a/": b"", "a/b/one.png": b"1", "../two.png": b"22", "__MACOSX/a/._one.png": b"", ".DS_Store": b""}
    )
    found = unzipped([Upload("x.png", b"x"), archive], LIMITS)
    assert [(one.name, one.content) for one in found] == [("x.png", b"x"), ("a/b/one.png", b"1"), ("../two.png", b"22")]


def encrypted() -> Upload:
    """A zip whose only file says that it has a password."""
    content = bytearray(packed({"a.png": b"1"}).content)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    return Upload("a.zip", bytes(content))


def misnamed() -> Upload:
    """A zip whose only name is not the UTF-8 that it says it is."""
    return Upload("a.zip", packed({"ä.png": b"1"}).content.replace("ä".encode(), b"\xff\xfe"))


def understated() -> Upload:
    """A zip whose only file has more bytes than it says."""
    content = packed({"a.png": bytes(5000)}).content
    return Upload("a.zip", content.replace((5000).to_bytes(4, "little"), (50).to_bytes(4, "little")))


@pytest.mark.parametrize(
    ("files", "status", "said"),
    [
        ([packed({f"{i}.png": b"" for i in range(4)})], 413, "more than 3 files"),
        ([Upload("x.png", b"x"), packed({f"{i}.png": b"" for i in range(3)})], 413, "more than 3 files"),
        ([packed({"a.png": bytes(1001)})], 413, "file1.zip: has more bytes unpacked"),
        ([packed({"a.png": bytes(600), "b.png": bytes(600)})], 413, "file1.zip: has more bytes unpacked"),
        ([Upload("x.png", bytes(900)), packed({"a.png": bytes(200)})], 413, "file2.zip: has more bytes unpacked"),
        ([understated()], 422, "cannot be unpacked: Bad CRC-32"),
        ([encrypted()], 422, "cannot be unpacked: .*password"),
        ([packed({})], 422, "no file in it"),
        ([packed({"a/": b"", ".DS_Store": b""})], 422, "no file in it"),
        (
            [Upload("a.zip", packed({"ä.png": b"1"}).content.replace("ä".encode(), b"\xff\xfe"))],
            422,
            "cannot be unpacked",
        ),
        ([Upload("a.zip", b"no zip")], 422, "cannot be unpacked: File is not a zip file"),
        ([Upload("a.zip", packed({"a.png": b"1" * 99}).content[:60])], 422, "cannot be unpacked"),
    ],
)
def test_what_a_request_may_not_have_is_refused(files, status, said):
    with pytest.raises(Refused, match=said) as error:
        unzipped(files, LIMITS)
    assert error.value.status == status and "\n" not in str(error.value)


def test_no_damage_of_a_zip_raises_anything_else():
    rng, whole = random.Random(1), packed({"a.png": b"1" * 50, "b/c.png": b"22"}).content
    for _ in range(3000):
        content = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        with suppress(Refused):
            unzipped([Upload("a.zip", bytes(content))], LIMITS)
