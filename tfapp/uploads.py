"""Uploads: refused when the body is too large, kept beside the pictures when memory should not hold them."""

from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from tfapp import files

# Names of addresses
TAKE_PICTURES = ("create", "api:jobs", "mixer", "mix_style", "mix_masks")
TAKE_PROBES = ("probe_add",)  # from staff
TAKE_VERSIONS = ("version_import",)  # from staff
TAKE_DATASETS = ("dataset_new",)  # from staff


class WholeBodyLimit(FileUploadHandler):
    """Looks at the announced length, which is also all that the server will read; passes everything on."""

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if content_length > self._most_bytes():
            raise RequestDataTooBig(f"A body of {content_length} bytes is too large.")

    def _most_bytes(self) -> int:
        found = self.request.resolver_match  # none yet, where a middleware reads the body
        name = found.view_name if found else ""
        words = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if name in TAKE_PICTURES or (name in TAKE_PROBES and self.request.user.is_staff):
            return settings.UPLOAD_BODY_MAX_BYTES
        if name in TAKE_VERSIONS and self.request.user.is_staff:
            return settings.VERSION_MAX_BYTES + words
        if name in TAKE_DATASETS and self.request.user.is_staff:
            return settings.DATASET_MAX_BYTES + words
        return words

    def receive_data_chunk(self, raw_data, start):
        return raw_data

    def file_complete(self, file_size):
        return None


class BesideThePictures(FileUploadHandler):
    """Keeps what memory should not hold where the sweeper looks; no other disk need have room."""

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.file = Kept(self.file_name)

    def receive_data_chunk(self, raw_data, start):
        self.file.keep(raw_data)

    def file_complete(self, file_size):
        self.file.complete(file_size)
        return self.file

    def upload_interrupted(self):
        if hasattr(self, "file"):
            self.file.close()


class Kept(UploadedFile):
    """An upload on the disk. When that was full, whoever reads it is told: the parser would answer with a 500."""

    def __init__(self, name: str):
        self.error: OSError | None = None
        file = BytesIO()
        try:
            place = files.begin(".upload")
            file = NamedTemporaryFile(dir=place.parent, prefix=place.stem, suffix=place.suffix)  # noqa: SIM115
        except OSError as error:
            self.error = error
        super().__init__(file, name)

    def keep(self, chunk: bytes) -> None:
        if self.error is None:
            try:
                self.file.write(chunk)
            except OSError as error:
                self._give_up(error)

    def complete(self, size: int) -> None:
        self.size = size
        if self.error is None:
            try:
                self.file.flush()
            except OSError as error:
                self._give_up(error)

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        if self.error is not None:
            raise self.error
        return super().chunks(chunk_size)

    def _give_up(self, error: OSError) -> None:
        self.error = error
        with suppress(OSError):  # what it still holds has no room either
            self.file.close()  # and is deleted
