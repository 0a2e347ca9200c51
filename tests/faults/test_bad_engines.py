"""Engines that hang or take their process with them, and a disk that is full: other people still get their pictures."""

import resource

from tests import sites
from tests.faults.visitors import Visitor
from tests.faults.worlds import World

FILE_LIMIT = 1_000_000  # bytes: more than the database's journal needs, less than a large noisy picture
UPLOAD_BYTES = 6_000_000  # more than the web server keeps in memory


def limit_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))


def test_an_engine_that_hangs_ends_its_worker_and_not_the_site(tmp_path):
    world = World(tmp_path, STYLESITE_HUNG_SECONDS="2", FAULTS_RETRY_SECONDS="1")
    with sites.running(world.folder, **world.settings):
        [stuck] = world.submit(engine="hang")
        world.wait(lambda: world.job(stuck, "n_failures") == (1,), seconds=20, what="the job given up once")
        world.submit(2, people=2)
        world.wait(lambda: world.states().get("done") == 2, seconds=40, what="the pictures of the others")

        world.wait(lambda: world.job(stuck, "state") == ("failed",), seconds=60, what="the job given up for good")

    [(code, sentence)] = world.ask("SELECT error_code, error FROM tfapp_job WHERE state = 'failed'")
    assert code == "hung" and sentence.endswith(".")
    assert world.manage("audit", "--strict").returncode == 0


def test_a_job_that_kills_its_worker_three_times_ends_with_a_sentence(tmp_path):
    world = World(tmp_path, FAULTS_LEASE_SECONDS="2")
    with sites.running(world.folder, **world.settings):
        [poison] = world.submit(engine="kill")
        world.submit(2, people=2)

        world.wait(lambda: world.states() == {"failed": 1, "done": 2}, seconds=90, what="an end of all jobs")

    assert world.job(poison, "error_code", "n_failures") == ("lost", 3)
    assert world.manage("audit", "--strict").returncode == 0


def test_a_full_disk_fails_a_picture_with_a_sentence_and_leaves_nothing_half_made(tmp_path):
    world = World(tmp_path)
    world.migrate()
    [large] = world.submit(size=1600)

    with world.worker(preexec_fn=limit_files):
        world.wait(lambda: world.job(large, "n_failures") == (1,), seconds=60, what="the large picture refused")
        assert world.job(large, "state") == ("queued",)
        assert list(world.media.glob("incoming/*")) == []
        assert list(world.media.glob("artworks/*")) == []

        [small] = world.submit()
        world.wait(lambda: world.job(small, "state") == ("done",), seconds=30, what="the small picture")
        world.wait(lambda: world.job(large, "state") == ("failed",), seconds=60, what="the end of the large one")

    code, sentence = world.job(large, "error_code", "error")
    assert code == "disk" and "room" in sentence
    assert world.manage("audit", "--strict").returncode == 0


def test_an_upload_that_finds_the_disk_full_is_told_so_and_leaves_nothing(tmp_path):
    world = World(tmp_path)
    world.migrate()
    with world.web(preexec_fn=limit_files) as url:
        visitor = Visitor(url)
        large, _seconds = visitor.ask(bytes(UPLOAD_BYTES))
        small, _seconds = visitor.ask()

    assert large.status_code == 429 and "no room" in large.json()["detail"]
    assert int(large.headers["Retry-After"]) > 0
    assert small.status_code == 202
    assert list(world.media.glob("incoming/*")) == []
    assert "Traceback" not in world.log()
