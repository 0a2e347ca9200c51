"""Good archives and folders, and names made harmless. What is hostile: test_hostile_archives.py."""

import io
import zipfile
from contextlib import closing

import pytest

from tests.hostile import archives as hostile
from tests.hostile import lying_archives
from tests.trainer.datasets.archived import LIMITS, pack, spread
from trainer.datasets import archives


def open_bytes(data, tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    return closing(archives.open_source(path, LIMITS))


def contents(source):
    return {"/".join(member.parts): source.read(member) for member in source.members}


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_one_by_one(tmp_path, how):
    members = {"a.txt": b"Hello.", "b/c.txt": b"x" * 3000, "한글/그림.png": b"y"}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as file:
        for name, data in members.items():
            file.writestr(name, data)

    with open_bytes(stream.getvalue(), tmp_path) as source:
        assert contents(source) == members
        assert source.bad == []


def test_a_comment_and_numbers_of_64_bits_are_fine(tmp_path):
    with open_bytes(hostile.packed([("a.png", b"x")], comment=b"Made by somebody"), tmp_path) as source:
        assert len(source.members) == 2
    data, _ = lying_archives.in_64_bits()
    with open_bytes(data, tmp_path) as source:
        assert [member.parts for member in source.members] == [("good.png",), ("other.png",)]


def test_a_stream_written_without_knowing_its_length_is_fine(tmp_path):
    class Pipe(io.RawIOBase):
        """Like a network: nobody can go back in it."""

        def __init__(self):
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.txt", b"a" * 50)
        file.writestr("b.txt", b"b" * 50)

    with open_bytes(pipe.data, tmp_path) as source:
        assert contents(source) == {"a.txt": b"a" * 50, "b.txt": b"b" * 50}


def test_names_in_utf_8_that_are_not_marked_so_are_read_as_such(tmp_path):
    data = hostile.packed([("kk.png", b"x")], good=False).replace(b"kk.png", "\u00e9.png".encode().ljust(6, b"g"))
    with open_bytes(data, tmp_path) as source:
        assert source.members[0].parts == ("\u00e9.png"[:5],)


def test_what_desktops_leave_lying_about_is_not_mentioned(tmp_path):
    litter = {"__MACOSX/._a.png": b"x", ".DS_Store": b"x", "x/Thumbs.db": b"x", "x/._b.png": b"x", "a.png": b"y"}
    for source in (pack(tmp_path / "a.zip", litter), spread(tmp_path / "a", litter)):
        opened = archives.open_source(source, LIMITS)
        assert [member.parts for member in opened.members] == [("a.png",)] and opened.bad == []
        opened.close()


def test_a_folder_is_read_in_the_same_order_always(tmp_path):
    names = ["b/2.png", "b/1.png", "a.png", "c.png", "b/deep/x.png"]
    folder = spread(tmp_path / "a", dict.fromkeys(names, b"x"))

    found = [member.key for member in archives.open_source(folder, LIMITS).members]

    assert found == ["a.png", "c.png", "b/1.png", "b/2.png", "b/deep/x.png"]


def test_a_file_that_became_a_link_meanwhile_is_not_followed(tmp_path):
    folder = spread(tmp_path / "a", {"a.png": b"x"})
    source = archives.open_source(folder, LIMITS)
    (folder / "a.png").unlink()
    (folder / "a.png").symlink_to("/etc/passwd")

    with pytest.raises(archives.BadMember):
        source.read(source.members[0])


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a/b.png", ("a", "b.png")),
        ("a\\b.png", ("a", "b.png")),
        ("./a//b.png", ("a", "b.png")),
        ("a/.hidden.png", ("a", "hidden.png")),
        ("a\u202eb\x00c.png", ("abc.png",)),
        ("  a \t b .png", ("a b .png",)),
        ('a"<b>|?.png', ("a__b___.png",)),
        ("e\u0301.png", ("\u00e9.png",)),
    ],
)
def test_names_become_harmless_labels(name, parts):
    assert archives.clean_parts(name) == parts


@pytest.mark.parametrize("name", ["/a", "\\a", "C:\\a", "c:a", "..", "a/../b", "a\\..\\b", "a/.\u200b./b"])
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(archives.BadMember, match="out of the archive"):
        archives.clean_parts(name)


def test_what_somebody_called_a_file_is_fit_to_be_shown():
    assert archives.clean_label("C:\\Users\\me\\cats\u202e.zip") == "cats.zip"
