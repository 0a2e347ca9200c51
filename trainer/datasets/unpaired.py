"""Two kinds of pictures that do not belong to each other one by one: trainA, trainB, testA, testB.

Or A and B inside a folder of the split, as pairs have it too; that the names are equal then means nothing.
"""

from pathlib import Path

from trainer.datasets import pictures


def find_split(data: Path | str, split: str) -> tuple[Path, Path] | None:
    """The folders of both kinds of a split (`train`; `val`, which may be called `test`).

    None where there are none, or only folders without pictures.
    """
    for name in _names(split):
        for folders in (Path(data, f"{name}A"), Path(data, f"{name}B")), (Path(data, name, "A"), Path(data, name, "B")):
            if all(folder.is_dir() for folder in folders) and any(map(pictures.holds_any, folders)):
                return folders
    return None


def open_unpaired(data: Path | str, split: str) -> tuple[pictures.PictureFolder, pictures.PictureFolder]:
    """All pictures of both kinds of a split that `find_split` finds.

    Raises ValueError for folders that are missing, empty, or hold a file that is no picture.
    """
    folders = find_split(data, split)
    if folders is None:
        wanted = " or ".join(f"{name}A/ and {name}B/" for name in _names(split))
        raise ValueError(f"{data} has no folders {wanted} with pictures.")
    a, b = (pictures.PictureFolder(folder, keep_out=False) for folder in folders)
    return a, b


def _names(split):
    return (split, "test") if split == "val" else (split,)
