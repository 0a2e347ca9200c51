"""The child process: one request a line comes in, one answer a line goes out, both JSON, never pickles.

Run as `python -m tfapp.decoding.child MEMORY`. It may crash, be killed or run out of anything: the pool starts another.
"""

import json
import math
import os
import resource
import sys
import threading
import time
import warnings
from io import BytesIO
from pathlib import Path

import pillow_heif
from PIL import Image

from tfapp.decoding import Refusal, pixels, sizes, turns

MAX_FILE_BYTES = 512 * 2**20
PARENT_LOOK_SECONDS = 1.0
JPEG_OPTIONS = {"quality": 95, "subsampling": 0}
DOWNLOAD_OPTIONS = {
    "JPEG": {**JPEG_OPTIONS, "optimize": True},
    "WEBP": {"quality": 92, "method": 4},
}


def main() -> None:
    """Answer until the parent closes the door or dies."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)  # what decoders have to say about hostile files fills no logs
    limit_memory(int(sys.argv[1]))
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    pillow_heif.options.DECODE_THREADS = pixels.N_THREADS
    pillow_heif.register_heif_opener(thumbnails=False)
    threading.Thread(target=leave_with_parent, args=(os.getppid(),), daemon=True).start()

    for line in sys.stdin:
        answers.write(json.dumps(answer(json.loads(line))) + "\n")


def answer(request: dict) -> dict:
    """Do one piece of work. This is the one boundary where any exception means: an unreadable picture."""
    limit_processor_time(request["seconds"])
    try:
        return STORIES[request["story"]](request)
    except Refusal as refusal:
        return {"refused": refusal.code, "reason": refusal.reason}
    except Exception as error:  # noqa: BLE001  decoders raise nearly everything
        return {"refused": "unreadable", "reason": ascii(f"{type(error).__name__}: {error}")[:300]}
    finally:
        turns.give_back()


def clean(request: dict) -> dict:
    """Decode a stranger's file and write its pixels as a new JPEG."""
    picture = pixels.decode(
        Path(request["source"]).read_bytes(),
        kind=request["kind"],
        budget=sizes.Budget(**request["budget"]),
        longest_side=request["longest_side"],
    )
    store(picture, request, kind="JPEG", **JPEG_OPTIONS)
    return {"width": picture.width, "height": picture.height}


def convert(request: dict) -> dict:
    """Write a finished picture of ours in another format, with nothing but what the request says to add."""
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(request["source"], formats=("PNG",)) as master:
        turns.take(master.size)
        picture = master.convert("RGB")
    picture.info = {}  # in a master of ours there is none; and a copy of it all would take as much memory again
    extra = {name: bytes.fromhex(request[name]) for name in ("exif", "xmp") if request.get(name)}
    store(picture, request, kind=request["kind"], **DOWNLOAD_OPTIONS[request["kind"]], **extra)
    return {"width": picture.width, "height": picture.height}


def shrink(request: dict) -> dict:
    """Write a stored photo of ours once more, small enough to be looked at."""
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(request["source"], formats=("JPEG",)) as photo:
        size = sizes.fit(photo.size, request["longest_side"])
        photo.draft("RGB", size)
        turns.take(photo.size)
        picture = photo.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    store(picture, request, kind="JPEG", quality=85)
    return {"width": picture.width, "height": picture.height}


def store(picture: Image.Image, request: dict, *, kind: str, **options) -> None:
    """Encode in memory, then write: what goes wrong while writing is never the picture's fault."""
    data = BytesIO()
    picture.save(data, kind, **options)
    try:
        with Path(request["target"]).open("xb") as file:
            file.write(data.getbuffer())
    except OSError as error:
        raise Refusal("room", str(error)) from error


STORIES = {"clean": clean, "convert": convert, "shrink": shrink}


def limit_memory(n_bytes: int) -> None:
    """Limit address space and the size of files; no core dumps."""
    limit(resource.RLIMIT_CORE, 0, for_good=True)
    limit(resource.RLIMIT_FSIZE, MAX_FILE_BYTES, for_good=True)
    if sys.platform == "linux":  # macOS knows no such limit
        limit(resource.RLIMIT_AS, n_bytes, for_good=True)


def limit_processor_time(seconds: int) -> None:
    """The kernel ends this process when the next piece of work takes longer than that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + seconds)


def limit(kind: int, most: int, *, for_good: bool = False) -> None:
    """Set a limit, below the one we were started with if there is one: only root could raise that."""
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(kind, (most, most if for_good else hard))


def leave_with_parent(parent: int) -> None:
    """End this process when its parent is gone, whatever it is doing.

    The kernel's parent-death signal would not do: it goes off when the starting *thread* ends.
    """
    while os.getppid() == parent:
        time.sleep(PARENT_LOOK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
