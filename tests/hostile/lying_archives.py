"""Archives that are cut off, damaged, or say of themselves what is not so."""

import io
import struct
import zipfile

from tests import pictures
from tests.hostile.archives import (
    EITHER,
    GOOD,
    LISTED,
    REFUSED,
    TAKEN,
    archive,
    directory_end,
    end,
    entry,
    packed,
    picture,
    spoiled,
    two,
)

# Cut off, damaged, lying


@archive
def empty_file():
    return b"", REFUSED


@archive
def no_archive():
    return b"Dear reader, this is no archive." * 20, REFUSED


@archive
def a_picture_instead():
    return picture(), REFUSED


@archive
def another_kind_of_archive():
    return b"7z\xbc\xaf\x27\x1c" + bytes(500), REFUSED


@archive
def archive_of_nothing():
    return packed([], good=False), REFUSED


@archive
def archive_of_no_pictures():
    return packed([("read.me", b"Hello."), ("data.csv", b"1,2,3")], good=False), REFUSED


@archive
def cut_in_the_middle():
    return two()[: len(two()) // 2], REFUSED


@archive
def cut_by_one_byte():
    return two()[:-1], REFUSED


@archive
def cut_within_the_directory():
    data = two()
    return data[: entry(data, 1) + 10] + data[end(data) :], REFUSED


@archive
def without_its_beginning():
    return two()[100:], REFUSED


@archive
def something_in_front():
    return b"#!/bin/sh\nrm -rf ~\nexit\n" + two(), REFUSED


@archive
def something_behind():
    return two() + b"<script>alert(1)</script>", REFUSED


@archive
def two_archives_in_one():
    return two() + packed([("evil.png", picture(5))], good=False), REFUSED


@archive
def an_end_inside_the_comment():
    return packed([("a.png", picture(1))], comment=directory_end(0, 0, 0)), REFUSED


@archive
def comment_longer_than_told():
    data = packed([("a.png", picture(1))], comment=b"x" * 40)
    return spoiled(data, end(data) + 20, "H", 10), REFUSED


@archive
def directory_somewhere_else():
    data = two()
    return spoiled(data, end(data) + 16, "I", 0), REFUSED


@archive
def directory_of_another_length():
    data = two()
    return spoiled(data, end(data) + 12, "I", 40), REFUSED


@archive
def directory_beyond_the_end():
    data = two()
    return spoiled(data, end(data) + 16, "I", 0x7FFFFFFF), REFUSED


@archive
def more_entries_than_there_are():
    data = two()
    return spoiled(data, end(data) + 8, "HH", 9, 9), REFUSED


@archive
def fewer_entries_than_there_are():
    data = two()
    return spoiled(data, end(data) + 8, "HH", 1, 1), REFUSED


@archive
def on_several_disks():
    data = two()
    return spoiled(data, end(data) + 4, "HH", 3, 1), REFUSED


@archive
def noise_in_the_directory():
    data = two()
    at = entry(data, 1)
    return data[:at] + b"\xa5" * 20 + data[at + 20 :], REFUSED


@archive
def wrong_checksum():
    data = two()
    return spoiled(data, entry(data, 1) + 16, "I", 12345), LISTED


@archive
def noise_in_a_member():
    data = packed([("other.png", picture(8))], how=zipfile.ZIP_DEFLATED)
    at = data.index(b"other.png") + 20
    return data[:at] + b"\xa5" * 30 + data[at + 30 :], LISTED


@archive
def smaller_than_told():
    data = two()
    return spoiled(data, entry(data, 1) + 24, "I", 900_000), LISTED


@archive
def no_header_in_front():
    data = two()
    at = data.index(b"other.png") - 30
    return data[:at] + bytes(4) + data[at + 4 :], LISTED


@archive
def other_method_in_front():
    data = two()
    return spoiled(data, data.index(b"other.png") - 22, "H", 8), LISTED


@archive
def methods_that_take_much_memory():
    return packed([("other.png", picture(8))], how=zipfile.ZIP_LZMA), EITHER  # the good one is packed so too


@archive
def unknown_method():
    data = two()
    data = spoiled(data, data.index(b"other.png") - 22, "H", 77)
    return spoiled(data, entry(data, 1) + 10, "H", 77), LISTED


@archive
def version_of_the_future():
    data = two()
    return spoiled(data, entry(data, 1) + 6, "H", 999), REFUSED


@archive
def long_extra_field():
    data = two()
    return spoiled(data, entry(data, 0) + 30, "H", 60_000), REFUSED


# Names of nothing


@archive
def name_that_is_empty():
    data = packed([("Q", picture(1))])  # zipfile writes no such name: what was one becomes an extra field
    data = spoiled(data, data.index(b"PK\3\4", 4) + 26, "HH", 0, 1)
    return spoiled(data, entry(data, 1) + 28, "HH", 0, 1), LISTED


@archive
def name_that_begins_with_a_nul():
    return packed([("Qevil.png", picture(1))]).replace(b"Qevil.png", b"\0evil.png"), EITHER


@archive
def folder_whose_name_begins_with_a_nul():
    return packed([("Q/", b"")]).replace(b"Q/", b"\0/"), TAKEN


# Numbers of 64 bits


@archive
def long_record_in_another_place():
    data, at = in_64_bits()
    return spoiled(data, at + 64, "Q", 0), REFUSED


@archive
def long_record_that_disagrees():
    data, at = in_64_bits()
    return spoiled(data, at + 24, "QQ", 1, 1), REFUSED


@archive
def long_record_of_enormous_numbers():
    data, at = in_64_bits()
    return spoiled(data, at + 24, "QQQQ", *[2**63 - 1] * 4), REFUSED


@archive
def locator_without_a_record():
    data, at = in_64_bits()
    return data[:at] + bytes(56) + data[at + 56 :], REFUSED


@archive
def long_size_of_a_member():
    large = zipfile.ZipInfo("other.png")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr(GOOD, picture())
        with file.open(large, "w", force_zip64=True) as member:
            member.write(picture(8))
    data = stream.getvalue()
    at = entry(data, 1)
    extra = struct.pack("<HHQQ", 1, 16, 2**62, len(picture(8)))
    name_end = at + 46 + len("other.png")
    data = data[:name_end] + extra + data[name_end:]
    data = spoiled(data, at + 24, "I", 0xFFFFFFFF)
    data = spoiled(data, at + 20, "I", 0xFFFFFFFF)
    data = spoiled(data, at + 30, "H", len(extra))
    return spoiled(data, end(data) + 12, "I", end(data) - entry(data, 0)), LISTED


@archive
def long_place_beyond_the_end():
    return in_a_long_place(100_000), REFUSED


@archive
def long_place_beyond_all_files():
    return in_a_long_place(2**62), REFUSED


@archive
def long_place_beyond_all_numbers():
    return in_a_long_place(2**64 - 1), REFUSED


def in_a_long_place(place: int) -> bytes:
    """An archive whose second member says, in 64 bits, that it lies there."""
    data = two()
    at = entry(data, 1)
    extra = struct.pack("<HHQ", 1, 8, place)
    name_end = at + 46 + len("other.png")
    data = data[:name_end] + extra + data[name_end:]
    data = spoiled(data, at + 42, "I", 0xFFFFFFFF)
    data = spoiled(data, at + 30, "H", len(extra))
    return spoiled(data, end(data) + 12, "I", end(data) - entry(data, 0))


def in_64_bits() -> tuple[bytes, int]:
    """A good archive with a record of 64 bits, and where that begins."""
    data = two()
    at = end(data)
    n_entries, size, offset = struct.unpack_from("<HII", data, at + 10)
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, n_entries, n_entries, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
    last = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:at] + record + locator + last, at


# Pictures in a good archive


@archive
def pictures_that_are_none():
    from_elsewhere = {
        "page.png": b"<!doctype html><script>alert(1)</script>",
        "text.jpg": b"Hello.",
        "program.webp": b"\x7fELF\x02\x01\x01" + bytes(200),
        "drawing.gif": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "empty.png": b"",
        "cut.png": picture()[:-60],
        "signature.avif": b"\0\0\0\x1cftypavif",
        "postscript.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) (r) file\n",
    }
    return packed(from_elsewhere.items()), LISTED


@archive
def pictures_too_small():
    return packed([("dot.png", pictures.encoded(pictures.photo(2, 2), "png"))]), LISTED
