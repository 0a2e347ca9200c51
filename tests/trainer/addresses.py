"""What the training studio's addresses answer: nothing to anybody but staff. test_access.py walks them all.

The empty POST of that walk is refused with 422 by forms, and done by buttons.
"""

from tests.tfapp.addresses import Address


def for_staff(status: int) -> str:
    return f"404 404 404 404 {status}"


SEEN, DONE, REFUSED, ABSENT = (for_staff(status) for status in (200, 302, 422, 404))

STUDIO: dict[str, list[Address]] = {
    "studio": [Address(get=SEEN)],
    "datasets": [Address(get=SEEN)],
    "dataset_new": [Address(get=SEEN, post=REFUSED)],
    "dataset": [Address(get=SEEN, of="dataset")],
    "dataset_chunk": [Address(get=SEEN, post=for_staff(400), put=for_staff(400), of="dataset")],
    "dataset_status": [Address(get=SEEN, of="dataset")],
    "dataset_preview": [Address(get=ABSENT, of="dataset", extra={"n": 0})],
    "dataset_edges": [
        Address(get=SEEN, post=REFUSED, of="plain_dataset"),
        Address(get=ABSENT, post=ABSENT, of="dataset"),
    ],
    "dataset_check": [Address(post=DONE, of="dataset")],
    "dataset_delete": [Address(post=DONE, of="dataset")],
    "runs": [Address(get=SEEN)],
    "run_new": [Address(get=SEEN, post=REFUSED)],
    "run": [Address(get=SEEN, of="run")],
    "run_live": [Address(get=SEEN, of="run")],
    "run_sample": [Address(get=ABSENT, of="run", extra={"name": "step-0000001.png"})],
    "run_log": [Address(get=SEEN, of="run")],
    "run_pause": [Address(post=DONE, of="run")],
    "run_stop": [Address(post=DONE, of="run")],
    "run_resume": [Address(post=DONE, of="run")],
    "run_clone": [Address(get=SEEN, post=REFUSED, of="run")],
    "run_delete": [Address(post=DONE, of="run")],
    "runs_compare": [Address(get=SEEN)],
    "probes": [Address(get=SEEN, of="run")],
    "probe_add": [Address(post=REFUSED, of="run")],
    "probes_paint": [Address(post=DONE, of="run")],
    "probe_image": [Address(get=ABSENT, of="run", extra={"probe": 999})],
    "probe_delete": [Address(post=ABSENT, of="run", extra={"probe": 999})],
    "probe_painted": [Address(get=ABSENT, of="run", extra={"probe": 999, "checkpoint": "step-0000001"})],
    "versions": [Address(get=SEEN)],
    "version_new": [Address(get=SEEN, post=REFUSED, of="run")],
    "version_take_back": [Address(post=DONE, of="version")],
    "version_put_back": [Address(post=DONE, of="version")],
    "version_look_again": [Address(post=DONE, of="version")],
    "version_export": [Address(get=SEEN, of="version")],
    "version_import": [Address(get=SEEN, post=REFUSED)],
    "version_sample": [Address(get=SEEN, of="version")],
}
