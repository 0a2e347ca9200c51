"""An engine that paints several jobs at once, and lines of jobs for it."""

from datetime import timedelta

from django.utils import timezone

from tests import factories
from tfapp.engines.echo import EchoEngine
from tfapp.models import Job

OLD = timezone.now() - timedelta(hours=1)


class Choir(EchoEngine):
    """Echoes, several at once. `behave` is told what is painted together, and the progress."""

    n_together, most_pixels, alike = 4, 100_000, ("quality",)

    def __init__(self, behave=lambda inputs, progress: None):
        self.behave = behave
        self.batches = []

    def render(self, inputs, progress):
        self.batches.append(1)
        return super().render(inputs, progress)

    def render_together(self, inputs, progress):
        self.batches.append(len(inputs))
        self.behave(inputs, progress)
        return [super(Choir, self).render(one, lambda share: None) for one in inputs]


def make_line(*changes: dict, **kwargs) -> list[Job]:
    """Jobs of as many people, who came in this order; each with what is special about it."""
    return [
        factories.make_job(
            factories.make_person(served_at=OLD + timedelta(minutes=n)),
            parameters={"strength": 0.5, "size": 64} | change,
            created_at=OLD + timedelta(minutes=n),
            **kwargs,
        )
        for n, change in enumerate(changes)
    ]


def states(jobs: list[Job]) -> list[str]:
    return [Job.objects.get(pk=job.pk).state for job in jobs]
