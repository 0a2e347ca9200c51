"""A stranger's ZIP, or a folder on the server, read member by member as bytes. Nothing is ever extracted.

What is wrong with the whole is a `Refused`; what is wrong with one member is listed, or a `BadMember`.
"""

import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.translation.trans_null import gettext_noop

# Why the whole is not taken
NO_ARCHIVE = gettext_noop("This is no ZIP archive.")
CUT_OFF = gettext_noop("This archive is cut off: its end is missing. Please send it again.")
LYING = gettext_noop("This archive contradicts itself: its list of contents is not what it holds.")
OVERLAPPING = gettext_noop("This archive is built to harm: its files lie on top of each other.")
TOO_MANY = gettext_noop("This dataset holds more files than allowed.")
TOO_LARGE = gettext_noop("This dataset is larger, when unpacked, than allowed.")
NOT_THERE = gettext_noop("What this dataset should be made of is not there, or may not be read.")

# Why a member is not taken: what follows its name
OUTSIDE = gettext_noop("has a name that leads out of the archive")
NAMELESS = gettext_noop("has a name without letters")
LINK = gettext_noop("is a link")
DEVICE = gettext_noop("is a device, not a file")
ENCRYPTED = gettext_noop("is encrypted")
PACKED_ODDLY = gettext_noop("is packed in a way that we do not read")
BOMB = gettext_noop("would become more than a hundred times as large")
HUGE = gettext_noop("is larger than one file may be")
CONTRADICTS = gettext_noop("is listed in the archive other than it lies there")
DAMAGED = gettext_noop("is damaged or cut off")

SMALL = 64 * 1024  # bytes; up to this size nothing is a bomb
CHUNK = 256 * 1024
TITLE = 200  # characters of a name that are shown
DIRECTORY_BYTES = 512  # of the central directory, for each of its entries; more is no list of names
END, END_64, LOCATOR_64, LOCAL = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\3\4"
FULL_16, FULL_32 = 0xFFFF, 0xFFFFFFFF  # "look into the 64-bit record"
IS_ENCRYPTED = 0x1 | 0x40 | 0x2000
WINDOWS_LINK = 0x400  # a reparse point
DRIVE = re.compile(r"[A-Za-z]:")
NOT_FOR_FILES = re.compile(r'[<>:"|?*]')
LITTER = {".ds_store", "thumbs.db", "desktop.ini", "__macosx"}  # of desktops; ignored without a word
ARCHIVES = (LOCAL, END, b"\x1f\x8b", b"BZh", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Limits:
    """How much is let in; counted while reading, whatever an archive says about itself."""

    entries: int
    bytes_in_all: int
    bytes_each: int = 256 * 2**20
    ratio: int = 100  # bytes that come out for each that goes in
    pixels: int = 60_000_000  # of a picture


@dataclass(frozen=True)
class Member:
    """One file: a key to find it again, a name to show, and its cleaned folders and name."""

    key: str
    title: str
    parts: tuple[str, ...]
    n_bytes: int


class Refused(Exception):
    """The whole is not taken; the sentence says why."""


class BadMember(Exception):
    """This member is not taken; the reason follows its name in a list."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Archive:
    """An open ZIP: its good members in order, and the bad ones as pairs of name and reason."""

    def __init__(self, path: Path, limits: Limits):
        self.members: list[Member] = []
        self.bad: list[tuple[str, str]] = []
        self._limits = limits
        self._file = open(path, "rb")  # noqa: SIM115  closed by `close`
        try:
            end = _check_end(self._file, limits)
            self._zip = _open_zip(self._file)
            self._list(*end)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        self._file.close()

    def read(self, member: Member) -> bytes:
        """All bytes of a member, or BadMember."""
        info = self._zip.infolist()[int(member.key)]
        try:
            with self._zip.open(info) as stream:
                return _read_at_most(stream, info.file_size)
        except BROKEN as error:
            raise BadMember(DAMAGED) from error

    def _list(self, n_entries, directory_at):
        infos = self._zip.infolist()
        if len(infos) != n_entries:
            raise Refused(LYING)
        contradictory = self._look_at_headers(infos, directory_at)
        for i, info in enumerate(infos):
            name = _decode_name(info)
            if name.endswith("/") or _is_litter(name):  # not info.is_dir(): it breaks on a name of nothing
                continue
            reason = CONTRADICTS if i in contradictory else self._find_flaw(info)
            _sort_in(self, str(i), name, info.file_size, reason)
        _check_total(self.members, self._limits)

    def _look_at_headers(self, infos, directory_at) -> set[int]:
        """The members whose own header is another than the directory's. Raises Refused where two overlap."""
        if any(info.header_offset > directory_at for info in infos):  # perhaps further than a file can be long
            raise Refused(LYING)
        contradictory = set()
        order = sorted(range(len(infos)), key=lambda i: infos[i].header_offset)
        starts = [infos[i].header_offset for i in order[1:]] + [directory_at]
        for i, next_start in zip(order, starts, strict=False):  # of no entries at all there is one start too many
            info = infos[i]
            self._file.seek(info.header_offset)
            head = self._file.read(30)
            if len(head) < 30 or not head.startswith(LOCAL):
                contradictory.add(i)
                head = bytes(30)
            flags, method = struct.unpack_from("<HH", head, 6)
            n_name, n_extra = struct.unpack_from("<HH", head, 26)
            if info.header_offset + 30 + n_name + n_extra + info.compress_size > next_start:
                raise Refused(OVERLAPPING)
            if (flags ^ info.flag_bits) & IS_ENCRYPTED or method != info.compress_type:
                contradictory.add(i)
        return contradictory

    def _find_flaw(self, info) -> str:
        mode = info.external_attr >> 16
        if stat.S_ISLNK(mode) or info.external_attr & WINDOWS_LINK:
            return LINK
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            return DEVICE
        if info.flag_bits & IS_ENCRYPTED:
            return ENCRYPTED
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return PACKED_ODDLY
        if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
            return CONTRADICTS
        if info.file_size > max(SMALL, self._limits.ratio * info.compress_size):
            return BOMB
        return HUGE if info.file_size > self._limits.bytes_each else ""


class Folder:
    """A folder on the server, by the same checks; links are not followed."""

    def __init__(self, path: Path, limits: Limits):
        self.members: list[Member] = []
        self.bad: list[tuple[str, str]] = []
        self._path = Path(path)
        self._limits = limits
        for n, (name, found) in enumerate(_walk(self._path)):
            if n >= limits.entries:
                raise Refused(TOO_MANY)
            _sort_in(self, name, name, found.st_size, self._find_flaw(found))
        _check_total(self.members, limits)

    def close(self) -> None:
        """Nothing is held open."""

    def read(self, member: Member) -> bytes:
        """All bytes of a file, or BadMember."""
        try:
            handle = os.open(self._path / member.key, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise BadMember(DAMAGED) from error
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise BadMember(DEVICE)
            return _read_at_most(file, self._limits.bytes_each)

    def _find_flaw(self, found) -> str:
        if stat.S_ISLNK(found.st_mode):
            return LINK
        if not stat.S_ISREG(found.st_mode):
            return DEVICE
        return HUGE if found.st_size > self._limits.bytes_each else ""


Source = Archive | Folder


def open_source(path: Path, limits: Limits) -> Source:
    """A ZIP file or a folder. Raises Refused, with a sentence, for what is neither, too large or built to harm."""
    path = Path(path)
    if path.is_dir():
        return Folder(path, limits)
    if not path.is_file():
        raise Refused(NOT_THERE)
    return Archive(path, limits)


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so is an archive itself."""
    return head.startswith(ARCHIVES) or head[257:262] == b"ustar"


def clean_label(name: str) -> str:
    """What somebody called a file: shown, never used."""
    return _clean(name.replace("\\", "/").rsplit("/", 1)[-1])[:TITLE]


def clean_parts(name: str) -> tuple[str, ...]:
    """Folders and name, each one harmless label. Raises BadMember for a path that leads elsewhere."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/"))
    if name.startswith("/") or DRIVE.match(name):
        raise BadMember(OUTSIDE)
    parts = [_clean(part) for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise BadMember(OUTSIDE)
    parts = [part.lstrip(". ") for part in parts]
    if not parts or not parts[-1]:
        raise BadMember(NAMELESS)
    return tuple(part for part in parts if part)


def _sort_in(source, key, name, n_bytes, reason):
    """Among the good members or the bad ones."""
    title = _clean(name)[-TITLE:] or "?"
    try:
        parts = clean_parts(name)
        if reason:
            raise BadMember(reason)
        source.members.append(Member(key, title, parts, n_bytes))
    except BadMember as bad:
        source.bad.append((title, bad.reason))


def _clean(text):
    """Without control and direction characters, half characters, and what some disks do not take."""
    text = unicodedata.normalize("NFC", text)
    visible = (" " if unicodedata.category(x)[0] == "Z" else x for x in text if unicodedata.category(x)[0] != "C")
    return NOT_FOR_FILES.sub("_", " ".join("".join(visible).split()))


def _is_litter(name):
    parts = name.replace("\\", "/").lower().split("/")
    return parts[0] in LITTER or parts[-1] in LITTER or parts[-1].startswith("._")


def _decode_name(info):
    """Many programs write UTF-8 without saying so. What stands behind a NUL counts too: it is removed later."""
    name = info.orig_filename
    if info.flag_bits & 0x800:
        return name
    try:
        return name.encode("cp437").decode()
    except UnicodeError:
        return name


def _check_total(members, limits):
    if sum(member.n_bytes for member in members) > limits.bytes_in_all:
        raise Refused(TOO_LARGE)


def _read_at_most(stream: BinaryIO, n_bytes: int) -> bytes:
    data = bytearray()
    while chunk := stream.read(CHUNK):
        data += chunk
        if len(data) > n_bytes:
            raise BadMember(HUGE)
    return bytes(data)


def _walk(root):
    """Names and facts of all that is no folder, sorted, from the top down; links are named, not followed."""
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            entries = sorted(os.scandir(root / inside), key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            raise Refused(NOT_THERE) from error
        for entry in reversed(entries):
            name = f"{inside}{entry.name}"
            if _is_litter(name):
                continue
            if not entry.is_dir(follow_symlinks=False):
                yield name, entry.stat(follow_symlinks=False)
        waiting += [f"{inside}{entry.name}/" for entry in entries if entry.is_dir(follow_symlinks=False)]


# The end of a ZIP. zipfile believes what it finds there, and reads a list of any length into memory.


def _check_end(file: BinaryIO, limits: Limits) -> tuple[int, int]:
    """How many entries the archive has, and where their list begins. Raises Refused where that cannot be true."""
    n_bytes = file.seek(0, os.SEEK_END)
    tail_at = max(0, n_bytes - 22 - FULL_16)
    file.seek(tail_at)
    tail = file.read()
    at = len(tail) - 22 if tail[-22:-18] == END and tail[-2:] == b"\0\0" else tail.rfind(END)
    if at < 0 or at + 22 > len(tail):
        file.seek(0)
        raise Refused(CUT_OFF if file.read(4) == LOCAL else NO_ARCHIVE)
    disk, first_disk, n_here, n_entries, size, offset, n_comment = struct.unpack_from("<4H2IH", tail, at + 4)
    if at + 22 + n_comment != len(tail) or disk or first_disk or n_here != n_entries:
        raise Refused(LYING)
    end = tail_at + at
    found = _check_end_64(file, end, (n_entries, size, offset))
    if found is not None:
        end, n_entries, size, offset = found
    if n_entries > limits.entries:
        raise Refused(TOO_MANY)
    if offset + size != end or size > DIRECTORY_BYTES * (n_entries + 128):
        raise Refused(LYING)
    return n_entries, offset


def _check_end_64(file, end, told):
    """What the 64-bit record says, where there is one: its place, entries, size and offset of the list."""
    file.seek(max(0, end - 76))
    both = file.read(min(76, end))
    if both[-20:-16] != LOCATOR_64:
        return None
    if len(both) < 76 or both[:4] != END_64:
        raise Refused(LYING)
    length, *disks, n_here, n_entries, size, offset = struct.unpack_from("<Q4x2I4Q", both, 4)
    disk, record_at, n_disks = struct.unpack_from("<IQI", both, 60)
    if length != 44 or any(disks) or disk or n_disks > 1 or record_at != end - 76 or n_here != n_entries:
        raise Refused(LYING)
    for short, long, full in zip(told, (n_entries, size, offset), (FULL_16, FULL_32, FULL_32), strict=True):
        if short not in (long, full):
            raise Refused(LYING)
    return end - 76, n_entries, size, offset


def _open_zip(file):
    try:
        return zipfile.ZipFile(file)
    except (*BROKEN, OverflowError) as error:
        raise Refused(LYING) from error
