import json
import threading

import numpy as np
import pytest

from trainer import curves, growing, history


def write(folder, steps, **losses):
    """Lines as a run appends them: each loss is a function of the step."""
    with history.open_to_append(folder / curves.HISTORY) as lines:
        for step in steps:
            values = {name: measure(step) for name, measure in losses.items()}
            history.append(lines, {"step": step, **values, "seconds": 0.5, "waited": 0.1})


def write_validation(folder, rows):
    with history.open_to_append(folder / curves.VALIDATION) as lines:
        for row in rows:
            history.append(lines, row)


@pytest.fixture(autouse=True)
def nothing_remembered():
    growing.open_history.cache_clear()
    growing.open_validation.cache_clear()


def test_it_reads_the_lines_of_a_history_as_columns(tmp_path):
    write(tmp_path, range(1, 4), loss=lambda step: 10 / step)

    columns = curves.read(tmp_path)

    assert columns.steps.tolist() == [1, 2, 3]
    assert columns.losses == ["loss"]
    assert columns["loss"].tolist() == pytest.approx([10, 5, 10 / 3])
    assert columns.step == 3


def test_a_folder_without_a_history_has_no_lines(tmp_path):
    columns = curves.read(tmp_path / "nowhere")

    assert len(columns) == columns.step == 0
    assert columns.losses == []
    assert columns.place == growing.Place()


def test_it_reads_only_what_is_new(tmp_path, monkeypatch):
    write(tmp_path, range(1, 101), loss=float)
    before = curves.read(tmp_path)
    write(tmp_path, range(101, 104), loss=float)
    parsed = []
    parse = growing._parse
    monkeypatch.setattr(growing, "_parse", lambda lines: parsed.append(len(lines)) or parse(lines))

    after = curves.read(tmp_path)

    assert sum(parsed) == 3
    assert after.steps.tolist() == list(range(1, 104))
    assert len(before) == 100  # what somebody holds does not change
    assert after.count_until(before.place) == 100


def test_a_line_that_is_still_being_written_is_left_for_the_next_look(tmp_path):
    write(tmp_path, [1], loss=float)
    with open(tmp_path / curves.HISTORY, "a") as file:
        file.write('{"step": 2, "lo')
    assert curves.read(tmp_path).step == 1

    with open(tmp_path / curves.HISTORY, "a") as file:
        file.write('ss": 2.0}\n')

    assert curves.read(tmp_path).step == 2


def test_a_history_cut_back_by_a_resumed_run_is_read_anew(tmp_path):
    write(tmp_path, range(1, 11), loss=float)
    place = curves.read(tmp_path).place
    history.cut_back(tmp_path / curves.HISTORY, 4)

    shorter = curves.read(tmp_path)
    write(tmp_path, range(5, 21), loss=lambda step: 2.0 * step)
    longer = curves.read(tmp_path)

    assert shorter.steps.tolist() == [1, 2, 3, 4]
    assert shorter.count_until(place) is None
    assert longer["loss"].tolist() == [1, 2, 3, 4, *range(10, 41, 2)]
    assert longer.count_until(place) is None


def test_a_history_that_outgrew_its_old_length_between_two_looks_is_read_anew(tmp_path):
    write(tmp_path, range(1, 11), loss=float)
    curves.read(tmp_path)
    history.cut_back(tmp_path / curves.HISTORY, 4)
    write(tmp_path, range(5, 31), loss=lambda step: step + 0.5)

    columns = curves.read(tmp_path)

    assert columns["loss"].tolist() == [1, 2, 3, 4, *np.arange(5.5, 31)]


@pytest.mark.parametrize("last", ["no json\n", "[1]\n", '{"loss": 1}\n', '{"step": "x"}\n', '{"step": -1}\n'])
def test_it_stops_before_a_line_that_is_none_of_a_history(tmp_path, last):
    write(tmp_path, [1, 2], loss=float)
    with open(tmp_path / curves.HISTORY, "a") as file:
        file.write(last + '{"step": 4}\n')

    assert curves.read(tmp_path).steps.tolist() == [1, 2]


def test_losses_may_come_and_go_and_need_not_be_numbers(tmp_path):
    lines = [{"step": 1, "a": 1.0}, {"step": 2, "b": 2, "a": "x"}, {"step": 3, "a": float("nan"), "b": 10**400}]
    (tmp_path / curves.HISTORY).write_text("".join(json.dumps(line) + "\n" for line in lines))

    columns = curves.read(tmp_path)

    assert columns.losses == ["a", "b"]
    assert columns["a"][0] == 1 and np.isnan(columns["a"][1:]).all()
    assert columns["b"][1] == 2 and np.isnan(columns["b"][[0, 2]]).all()
    assert np.isnan(columns["c"]).all()


def test_a_long_history_is_read_in_pieces(tmp_path, monkeypatch):
    write(tmp_path, range(1, 1001), loss=float)
    monkeypatch.setattr(growing, "CHUNK", 700)

    columns = curves.read(tmp_path)

    assert columns.steps.tolist() == list(range(1, 1001))
    assert columns.place.offset == (tmp_path / curves.HISTORY).stat().st_size


def test_validations_are_read_on_and_what_somebody_holds_stays(tmp_path):
    write_validation(tmp_path, [{"step": 500, "l1": 0.123456789}])
    before = curves.read_validation(tmp_path)
    write_validation(tmp_path, [{"step": 1000, "l1": 0.1, "made_of": "x"}])

    after = curves.read_validation(tmp_path)

    assert before == [{"step": 500, "l1": 0.123456789}]
    assert after == [*before, {"step": 1000, "l1": 0.1, "made_of": "x"}]


def test_validations_cut_back_by_a_resumed_run_are_read_anew(tmp_path):
    write_validation(tmp_path, [{"step": 500, "l1": 0.2}, {"step": 1000, "l1": 0.1}])
    curves.read_validation(tmp_path)
    history.cut_back(tmp_path / curves.VALIDATION, 600)

    assert curves.read_validation(tmp_path) == [{"step": 500, "l1": 0.2}]


def test_the_memory_told_last_is_known_however_long_ago(tmp_path):
    for step in (1, 2):
        with history.open_to_append(tmp_path / curves.HISTORY) as lines:
            history.append(lines, {"step": step, "memory": step * 1000} if step == 1 else {"step": step, "loss": 1.0})

        assert curves.measure_pace(curves.read(tmp_path)).memory == 1000


def test_of_a_history_too_long_for_one_look_the_next_reads_the_rest(tmp_path, monkeypatch):
    write(tmp_path, range(1, 1001), loss=float)
    monkeypatch.setattr(growing, "CHUNK", 30_000)

    first, second = curves.read(tmp_path, 0), curves.read(tmp_path)

    assert 0 < len(first) < 1000 and not first.is_whole
    assert len(second) == 1000 and second.is_whole
    assert second.count_until(first.place) == len(first)


def test_many_may_look_while_it_is_written(tmp_path):
    seen = []

    def look():
        for _ in range(30):
            columns = curves.read(tmp_path)
            seen.append(
                columns.steps.tolist() == columns["loss"].astype(int).tolist() == list(range(1, columns.step + 1))
            )

    readers = [threading.Thread(target=look) for _ in range(4)]
    for reader in readers:
        reader.start()
    write(tmp_path, range(1, 3001), loss=float)
    for reader in readers:
        reader.join()

    assert all(seen)
    assert curves.read(tmp_path).step == 3000


def test_a_place_survives_an_address_and_nonsense_is_the_beginning():
    place = growing.Place(123, 456)

    assert growing.Place.parse(str(place)) == place
    assert growing.Place.parse("nonsense") == growing.Place.parse("") == growing.Place(0, 0)


def test_steps_between_two_include_their_neighbours(tmp_path):
    write(tmp_path, range(1, 101), loss=float)

    assert curves.read(tmp_path).between(20, 22).steps.tolist() == [19, 20, 21, 22, 23]
    assert curves.read(tmp_path).between(-5, 1).steps.tolist() == [1, 2]
    assert curves.read(tmp_path).between(200, 300).steps.tolist() == [100]


def test_thinning_keeps_every_spike_visible():
    values = np.ones(10_000)
    values[[1234, 7777]] = 50, -50

    line = curves.thin("loss", np.arange(10_000), values, 100)

    assert 50 <= len(line.x) <= 100
    assert max(line.most) == 50
    assert min(line.least) == -50
    assert max(line.mean) < 2
    assert line.x == sorted(line.x)


def test_few_values_are_left_as_they_are():
    line = curves.thin("loss", np.arange(3), np.array([1, np.nan, np.inf]))

    assert line.mean == line.least == line.most == [1, None, None]


def test_points_stay_where_they_are_as_lines_come():
    values = np.random.default_rng(0).random(1400)

    before = curves.thin("loss", np.arange(1300), values[:1300], 300)
    after = curves.thin("loss", np.arange(1400), values, 300)

    assert after.mean[: len(before.mean) - 1] == before.mean[:-1]


def test_gaps_are_left_out_of_means_and_a_point_of_gaps_is_none():
    values = np.array([np.nan, 2, np.nan, np.nan], "float32")

    line = curves.thin("loss", np.arange(4), values, 2)

    assert line.mean == line.least == line.most == [2, None]


def test_smoothing_is_true_from_the_first_value_on_and_keeps_gaps():
    assert curves.smooth([4.0, None, 4.0, 4.0], 0.9) == [4, None, pytest.approx(4), pytest.approx(4)]
    assert curves.smooth([1.0, 2.0], 0) == [1, 2]
    assert curves.smooth([0.0, 1.0], 0.5)[1] == pytest.approx(2 / 3)


def test_the_pace_is_that_of_usual_steps_not_of_a_long_one(tmp_path):
    write(tmp_path, range(1, 100), loss=float)
    with open(tmp_path / curves.HISTORY, "a") as file:
        file.write('{"step": 100, "seconds": 900.0, "waited": 0.0, "memory": 5}\n')

    pace = curves.measure_pace(curves.read(tmp_path))

    assert pace.seconds == 0.5
    assert pace.seconds_left(100, 300) == 100
    assert pace.seconds_left(400, 300) == 0
    assert pace.pictures_a_second(8) == 16
    assert pace.memory == 5


def test_without_lines_there_is_no_pace(tmp_path):
    pace = curves.measure_pace(curves.read(tmp_path))

    assert (pace.seconds, pace.waited, pace.memory) == (None, None, None)
    assert pace.seconds_left(0, 10) is None
    assert pace.pictures_a_second(8) is None


def test_samples_are_listed_by_step_and_nothing_else_is(tmp_path):
    assert curves.list_samples(tmp_path) == []
    (tmp_path / curves.SAMPLES).mkdir()
    for name in (curves.name_sample(500), "step-12345678.png", ".step-0000001.png", "step-1.txt", "cat.png"):
        (tmp_path / curves.SAMPLES / name).touch()

    assert curves.list_samples(tmp_path) == [500, 12345678]


def test_the_log_is_its_last_whole_lines_and_nothing_that_moves_a_cursor(tmp_path):
    assert curves.read_log(tmp_path) == ""
    log = "first line\n" * 100 + "\x1b[31mred\x1b[0m\n10%\r20%\r30%\n한국어 \u202eevil\x07\n"
    (tmp_path / curves.LOG).write_text(log)

    text = curves.read_log(tmp_path, limit=80)

    assert text.endswith("red\n30%\n한국어 evil")
    assert text.startswith("first line\n")
    assert len(text) < 80


def test_the_best_is_told_by_the_newest_checkpoint_that_can_be_read(tmp_path):
    assert curves.read_best(tmp_path) is None
    best = {"step": 2, "name": "l1", "value": 0.1}
    for step, text in ((1, "{}"), (2, json.dumps({"best": best})), (3, "no json")):
        folder = tmp_path / curves.CHECKPOINTS / f"step-{step:07d}"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(text)

    assert curves.read_best(tmp_path) == best


def test_a_long_history_is_looked_over_without_being_read_whole(tmp_path, monkeypatch):
    write(tmp_path, range(1, 20_001), loss=lambda step: float(step))
    n_read = []
    parse = growing._parse
    monkeypatch.setattr(growing, "_parse", lambda lines: n_read.append(len(lines)) or parse(lines))

    columns = growing.skim(tmp_path / curves.HISTORY, n_parts=50, part=1000)

    assert sum(n_read) == len(columns) < 1000
    assert (columns.steps[0], columns.step) == (1, 20_000)
    assert np.all(np.diff(columns.steps) >= 1) and np.diff(columns.steps).max() < 450
    assert columns["loss"].tolist() == columns.steps.tolist()
    assert not growing.open_history.cache_info().currsize


def test_a_short_history_is_looked_over_as_it_is(tmp_path):
    write(tmp_path, range(1, 40), loss=lambda step: float(step))

    assert curves.skim(tmp_path).steps.tolist() == list(range(1, 40))
    assert len(curves.skim(tmp_path / "nowhere")) == 0


def test_time_is_added_up_over_steps_that_were_passed_over(tmp_path):
    write(tmp_path, range(1, 20_001), loss=lambda step: 1.0)

    whole, thinned = curves.read(tmp_path), growing.skim(tmp_path / curves.HISTORY, n_parts=50, part=1000)

    assert curves.add_up(whole)[[0, -1]].tolist() == [0.5, 10_000]
    assert curves.add_up(thinned)[-1] == pytest.approx(10_000, rel=0.01)
    assert len(curves.add_up(curves.read(tmp_path / "nowhere"))) == 0
