"""Zip bombs: small on disk, large when unpacked or read."""

import zipfile
import zlib
from pathlib import Path

MIB = 2**20


def patch(file: Path, name: str, **fields: int) -> Path:
    """Change what both headers of a member say: flags, packed, size (bytes), crc. Source: APPNOTE.TXT 4.3.7, 4.3.12"""
    content, entry = bytearray(file.read_bytes()), zipfile.ZipFile(file).getinfo(name)
    central = content.rindex(name.encode()) - 46
    places = {"flags": (6, 8, 2), "method": (8, 10, 2), "crc": (14, 16, 4), "packed": (18, 20, 4), "size": (22, 24, 4)}
    for field, value in fields.items():
        here, there, width = places[field]
        for start in (entry.header_offset + here, central + there):
            content[start : start + width] = value.to_bytes(width, "little")
    file.write_bytes(content)
    return file


def write_zip(file: Path, name: str, content: bytes, method: int = zipfile.ZIP_STORED, **fields: int) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w", method) as target:
        target.writestr(name, content)
    return patch(file, name, **fields)


def with_password(file: Path, name: str) -> Path:
    return write_zip(file, name, b"secret " * 100, flags=1)


def deflated_zeros(mib: int) -> bytes:
    """So many MiB of zeros by deflate, without packing them all: one packed piece is repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(16 * MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(16 * MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece + again * (mib // 16 - 1) + packer.flush()


def deflate_bomb(file: Path, name: str, mib: int, says: int) -> Path:
    """A member that becomes so many MiB, where its zip says `says` bytes."""
    packed = deflated_zeros(mib)
    write_zip(file, name, packed)
    return patch(file, name, method=zipfile.ZIP_DEFLATED, size=says)


def bzip2_bomb(file: Path, name: str, mib: int, says: int) -> Path:
    return write_zip(file, name, bytes(mib * MIB), zipfile.ZIP_BZIP2, size=says)


def lzma_that_asks_for(file: Path, name: str, dictionary: int) -> Path:
    """dictionary: bytes of memory in the header of an LZMA member"""
    write_zip(file, name, b"video " * 1000, zipfile.ZIP_LZMA)
    content = bytearray(file.read_bytes())
    start = 30 + len(name) + 5  # local header, name, LZMA version and size of properties, lc/lp/pb
    content[start : start + 4] = dictionary.to_bytes(4, "little")
    file.write_bytes(content)
    return file


def many_names(file: Path, count: int) -> Path:
    """A table of contents of so many empty members, made of one entry."""
    write_zip(file, "clip_00000000.mp4", b"")
    content = file.read_bytes()
    start, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    table = content[start:end] * count
    tail = bytearray(content[end:])
    tail[8:12] = (min(count, 65535)).to_bytes(2, "little") * 2
    tail[12:16] = len(table).to_bytes(4, "little")
    file.write_bytes(content[:start] + table + bytes(tail))
    return file
