"""Hostile and broken archives: a hundred ways of lying about what is inside.

`ARCHIVES` names them; `make(name)` gives the bytes and what must come of it: REFUSED with a sentence, or LISTED, where
the good picture beside the bad members is taken. Most are made by spoiling a good archive, byte by byte.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable

from tests import pictures

REFUSED, LISTED = "refused", "listed"
TAKEN = "taken"  # nothing bad is left of it once names are cleaned
EITHER = "either"
ENTRIES = 400  # the limit that the tests set
EACH = 2_000_000
IN_ALL = 6_000_000
GOOD = "good.png"

ARCHIVES: dict[str, Callable[[], tuple[bytes, str]]] = {}


def archive(make):
    """Enter one into the register; its name says what is wrong."""
    ARCHIVES[make.__name__.replace("_", " ")] = make
    return make


def make(name: str) -> tuple[bytes, str]:
    return ARCHIVES[name]()


def picture(shade: int = 0) -> bytes:
    return pictures.encoded(pictures.photo(32 + shade, 24), "png")


def packed(members, *, how=zipfile.ZIP_STORED, good: bool = True, comment: bytes = b"") -> bytes:
    """A ZIP of names (or ZipInfos) and bytes, with a good picture in front."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as file:
        if good:
            file.writestr(GOOD, picture())
        for name, data in members:
            file.writestr(name, data)
        file.comment = comment
    return stream.getvalue()


def info(name: str, *, mode: int = 0o100644, system: int = 3) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr = system, mode << 16
    return made


def spoiled(data: bytes, at: int, layout: str, *values) -> bytes:
    """With other numbers at one place."""
    new = bytearray(data)
    struct.pack_into("<" + layout, new, at, *values)
    return bytes(new)


def entry(data: bytes, number: int) -> int:
    """Where an entry of the central directory begins."""
    at = data.index(b"PK\1\2")
    for _ in range(number):
        at = data.index(b"PK\1\2", at + 4)
    return at


def end(data: bytes) -> int:
    return data.rindex(b"PK\5\6")


def two() -> bytes:
    return packed([("other.png", picture(8))])


# Names

NAMES = {
    "climbing": "../../evil.png",
    "climbing deep inside": "train/../../../evil.png",
    "climbing with backslashes": "..\\..\\evil.png",
    "climbing with both slashes": "train\\..\\../evil.png",
    "climbing hidden by an invisible character": "train/.\u200b./.\u200b./evil.png",
    "absolute": "/tmp/evil.png",
    "absolute with two slashes": "//server/share/evil.png",
    "absolute with a backslash": "\\tmp\\evil.png",
    "drive letter": "C:\\windows\\evil.png",
    "drive letter without a folder": "c:evil.png",
    "only dots": "train/..",
    "only spaces": "train/   ",
    "only control characters": "\x01\x02\x03",
}
CLEANED = {
    "control characters": "a\x1b[31m\x07b.png",
    "direction characters": "a\u202egnp.exe.png",
    "new lines": "a\nb\r\nc.png",
    "very long": "x" * 5000 + ".png",
    "very deep": "a/" * 2000 + "x.png",
    "long in many bytes": "\U0001f600" * 300 + ".png",
    "characters that Windows forbids": 'a<b>:"c|?*.png',
    "dots in front": "....png",
    "device of Windows": "NUL.png",
    "home": "~/.ssh/a.png",
    "shell": "$(touch evil);`touch evil`.png",
    "markup": "<script>alert(1)</script>.png",
}
for _title, _name in NAMES.items():
    ARCHIVES[f"name: {_title}"] = lambda name=_name: (packed([(name, picture(1))]), LISTED)
for _title, _name in CLEANED.items():
    ARCHIVES[f"name: {_title}"] = lambda name=_name: (packed([(name, picture(1))]), TAKEN)


@archive
def the_same_name_twice():
    return packed([("a.png", picture(1)), ("a.png", picture(2))]), LISTED


@archive
def the_same_name_in_other_case():
    return packed([("a.png", picture(1)), ("A.PNG", picture(2)), ("A.png", picture(3))]), TAKEN


@archive
def name_with_a_nul_in_it():
    return packed([("a.pngQ.exe", picture(1))]).replace(b"a.pngQ.exe", b"a.png\0.exe"), EITHER


@archive
def name_that_is_not_utf_8():
    data = packed([("\u00e9\u00e9\u00e9.png", picture(1))])
    return data.replace("\u00e9\u00e9\u00e9".encode(), b"\xff\xfe\xff\xfe\xff\xfe"), REFUSED


@archive
def other_name_in_front_than_in_the_directory():
    return packed([("inner.png", picture(1))]).replace(b"inner.png", b"../e/.png", 1), LISTED


# Links, devices and other things that are no files

SPECIALS = {
    "link to a file": (stat.S_IFLNK, b"/etc/passwd"),
    "link out of the folder": (stat.S_IFLNK, b"../../../manage.py"),
    "link with a picture's bytes": (stat.S_IFLNK, picture()),
    "device": (stat.S_IFBLK, b""),
    "character device": (stat.S_IFCHR, b""),
    "pipe": (stat.S_IFIFO, b""),
    "socket": (stat.S_IFSOCK, b""),
}
for _title, (_mode, _data) in SPECIALS.items():
    ARCHIVES[_title] = lambda mode=_mode, data=_data: (packed([(info("x.png", mode=mode | 0o777), data)]), LISTED)


@archive
def link_of_another_system():
    return packed([(info("x.png", mode=stat.S_IFLNK | 0o777, system=0), b"/etc/passwd")]), LISTED


@archive
def link_of_windows():
    data = packed([("x.png", b"C:\\secret")])
    return spoiled(data, entry(data, 1) + 38, "I", 0x400), LISTED


@archive
def link_and_a_file_below_it():
    link = info("train", mode=stat.S_IFLNK | 0o777)
    return packed([(link, b"/tmp"), ("train/evil.png", picture(1))]), LISTED


@archive
def folder_with_contents():
    return packed([("train/", b""), ("train/x/", picture(1))]), TAKEN


# Bombs


@archive
def bomb():
    return packed([("bomb.png", bytes(EACH - 1))], how=zipfile.ZIP_DEFLATED), LISTED


@archive
def many_bombs():
    return packed([(f"{i}.png", bytes(400_000)) for i in range(200)], how=zipfile.ZIP_DEFLATED), LISTED


@archive
def bomb_that_says_it_is_small():
    data = packed([("bomb.png", bytes(5_000_000))], how=zipfile.ZIP_DEFLATED)
    data = spoiled(data, entry(data, 1) + 24, "I", 1000)
    return spoiled(data, data.index(b"bomb.png") - 8, "I", 1000), LISTED


@archive
def bomb_that_says_it_is_empty():
    data = packed([("bomb.png", bytes(5_000_000))], how=zipfile.ZIP_DEFLATED)
    return spoiled(data, entry(data, 1) + 24, "I", 0), LISTED


@archive
def one_file_that_is_too_large():
    noise = bytes(range(251)) * (EACH // 251 + 2)
    return packed([("large.png", noise)]), LISTED


@archive
def too_much_in_all():
    noise = bytes(range(251)) * (EACH // 251 - 1)
    return packed([(f"{i}.png", noise) for i in range(4)]), REFUSED


@archive
def picture_that_is_a_bomb():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(60_001) * 50, 9)
    chunks = pictures.chunk("IHDR", header) + pictures.chunk("IDAT", body) + pictures.chunk("IEND")
    return packed([("bomb.png", pictures.PNG_SIGNATURE + chunks)]), LISTED


@archive
def a_hundred_thousand_entries():
    name, local = b"a.png", struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 5, 0) + b"a.png"
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0) + name
    return local + central * 100_000 + directory_end(100_000, len(central) * 100_000, len(local)), REFUSED


@archive
def a_hundred_thousand_entries_that_are_not_mentioned():
    data, _ = a_hundred_thousand_entries()
    return spoiled(data, end(data) + 8, "HH", 3, 3), REFUSED


@archive
def as_many_entries_as_a_short_number_holds():
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    return central * 65_536 + directory_end(0, len(central) * 65_536, 0), REFUSED


def directory_end(n_entries, size, offset):
    if n_entries < 0xFFFF:
        return struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, n_entries, n_entries, size, offset, 0)
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, n_entries, n_entries, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, offset + size, 1)
    return record + locator + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, size, offset, 0)


# Overlapping members


@archive
def two_entries_for_one_file():
    data = two()
    return spoiled(data, entry(data, 1) + 42, "I", 0), REFUSED


@archive
def a_file_within_a_file():
    inner = packed([("inner.png", picture(3))], good=False)
    data = packed([("outer.png", inner), ("inner.png", picture(3))])
    at = data.index(b"PK\3\4", data.index(b"outer.png"))
    return spoiled(data, entry(data, 2) + 42, "I", at), REFUSED


@archive
def quoted_headers():
    """Each local header says that the next ones belong to its extra field (Fifield 2019)."""
    data = two()
    return spoiled(data, 28, "H", len(picture())), REFUSED


@archive
def a_file_that_reaches_into_the_directory():
    data = two()
    at = entry(data, 1)
    return spoiled(data, at + 20, "II", 10_000, 10_000), REFUSED


# Archives in archives


@archive
def archive_inside():
    return packed([("inner.zip", two())]), LISTED


@archive
def archive_inside_called_picture():
    return packed([("inner.png", two())]), LISTED


@archive
def only_an_archive_inside():
    return packed([("inner.zip", two())], good=False), REFUSED


@archive
def compressed_tar_inside():
    return packed([("inner.tar.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + zlib.compress(bytes(1000)))]), LISTED


# Encrypted


def with_flag(data: bytes, flag: int, *, only_in_front: bool = False) -> bytes:
    local = data.index(b"other.png") - 30
    data = spoiled(data, local + 6, "H", flag)
    return data if only_in_front else spoiled(data, entry(data, 1) + 8, "H", flag)


@archive
def encrypted():
    return with_flag(two(), 1), LISTED


@archive
def strongly_encrypted():
    return with_flag(two(), 0x41), LISTED


@archive
def directory_encrypted():
    return with_flag(two(), 0x2001), LISTED


@archive
def encrypted_in_front_only():
    return with_flag(two(), 1, only_in_front=True), LISTED


@archive
def all_encrypted():
    data = packed([("other.png", picture(1))], good=False)
    return spoiled(with_one_flag(data), entry(data, 0) + 8, "H", 1), REFUSED


def with_one_flag(data):
    return spoiled(data, 6, "H", 1)
