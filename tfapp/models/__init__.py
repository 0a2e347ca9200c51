"""What the site remembers: people, jobs, artworks, mixes, workers. One subject a file."""

from tfapp.models.artwork import Artwork, Report
from tfapp.models.engine_status import EngineStatus
from tfapp.models.job import Job, JobInput
from tfapp.models.mix import Mix, MixPicture
from tfapp.models.person import Person
from tfapp.models.tally import Tally
from tfapp.models.token import ApiToken
from tfapp.models.worker import Worker

__all__ = [
    "ApiToken",
    "Artwork",
    "EngineStatus",
    "Job",
    "JobInput",
    "Mix",
    "MixPicture",
    "Person",
    "Report",
    "Tally",
    "Worker",
]
