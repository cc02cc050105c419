"""How often the test split was read, from a stage's event log."""

from tailwise.evaluation.readings import log_reading, readings, sentence


def test_each_reading_is_logged_and_counted_with_those_before(tmp_path, capsys):
    log = tmp_path / "events/certify.jsonl"
    assert log_reading(log, "a") == "the test split was read once here, for these params alone"
    assert log_reading(log, "a") == "the test split was read 2 times here, for these params alone"
    assert "read 3 times here, for 2 sets of params: a choice" in log_reading(log, "b")
    assert readings(log) == ["a", "a", "b"]
    assert capsys.readouterr().out.count("the test split was read") == 3


def test_other_events_and_lines_cut_off_by_a_kill_do_not_count(tmp_path):
    log = tmp_path / "certify.jsonl"
    log.write_text(
        '{"event": "computing", "params": "a"}\n[1]\n{"event": "test split read", "params": "a"}\n{"event": "te'
    )
    assert readings(log) == ["a"]


def test_a_choice_by_the_test_split_is_warned_of():
    assert "too good" in sentence(2, 2) and "too good" not in sentence(5, 1)
