from __future__ import annotations

import subprocess
import sys
import time

import pytest

from simulator import stream
from tests.simulator.conftest import ROOT

TEXTS = [
    "@SomeBrand where is it?", "  spaces kept  ", 'quotes "and", commas', "two\nlines", "x" * 500, "y" * 9000, "a &amp; b <c>",
    "same", "same",
]  # fmt: skip


def written(path, texts, header="id,text"):
    lines = [header]
    for number, text in enumerate(texts):
        quoted = text.replace('"', '""')
        lines.append(f'r{number},"{quoted}"')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def wait(sim):
    for _ in range(200):
        health = sim.get("/_sim/health")
        if health["stream"]["finished"]:
            return health["stream"]
        time.sleep(0.05)
    raise AssertionError("the stream did not finish")


def streamed(sim):
    return [one for one in sim.get("/_sim/ledger.json")["messages"] if one["origin"] == "stream"]


@pytest.mark.slow
def test_each_row_is_posted_once_word_for_word(simulator_of, tmp_path):
    file, state = written(tmp_path / "rows.csv", TEXTS), str(tmp_path / "state.sqlite")
    options = ("--rate", "0", "--stream", str(file), "--stream-rate", "300", "--state", state, "--quiet")
    sim = simulator_of(*options)
    assert wait(sim)["posted"] == len(TEXTS)
    found = streamed(sim)
    assert sorted(one["text"] for one in found) == sorted(TEXTS)
    assert len({one["author"] for one in found}) == len(TEXTS)
    for one in found:
        if len(one["text"]) > 280:
            assert one["network"] == "facebook"
        if len(one["text"]) > 8000:
            assert one["kind"] == "visitor_post"
    sim.stop()
    written(file, [*TEXTS, "a new one"])
    again = simulator_of(*options)
    health = wait(again)
    assert (health["posted"], health["posted_before"]) == (1, len(TEXTS))
    assert sorted(one["text"] for one in streamed(again)) == sorted([*TEXTS, "a new one"])


@pytest.mark.slow
def test_a_kill_in_the_middle_doubles_nothing(simulator_of, tmp_path):
    texts = [f"row {n}" for n in range(150)]
    file = written(tmp_path / "rows.csv", texts)
    options = (
        "--rate",
        "0",
        "--stream",
        str(file),
        "--stream-rate",
        "75",
        "--state",
        str(tmp_path / "s.sqlite"),
    )
    sim = simulator_of(*options, "--quiet")
    while sim.get("/_sim/health")["stream"]["posted"] < 40:
        time.sleep(0.01)
    sim.process.kill()
    sim.process.wait()
    again = simulator_of(*options, "--quiet")
    assert 0 < wait(again)["posted"] < 150
    assert sorted(one["text"] for one in streamed(again)) == sorted(texts)


def test_rows_without_text_are_reported(tmp_path):
    rows = stream.read_rows(written(tmp_path / "rows.csv", ["one", "", "   ", "four"]))
    assert [row.text for row in rows.rows] == ["one", "four"]
    assert [reason.partition(":")[0] for reason in rows.skipped] == ["line 3", "line 4"]


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\r\nid;text\r\n1;Lid, again\r\n2;Off\r\n",
        '\n\n"sep=|"\nid|text\n1|Lid, again\n2|Off\n',
        "sep=\\t\nid\ttext\n1\tLid, again\n2\tOff\n",
        "\n;\nid;text\n1;Lid, again\n2;Off\n",
    ],
)
def test_a_spreadsheet_may_name_its_separator_before_the_header(tmp_path, content):
    file = tmp_path / "sheet.csv"
    file.write_bytes(content.encode("utf-8-sig"))
    rows = stream.read_rows(file)
    assert [row.text for row in rows.rows] == ["Lid, again", "Off"]
    assert rows.rows[-1].line == content.count("\n")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"id,words\n1,a\n", "line 1"),
        (b"", "line 1"),
        (b"id,text\n1,a\n2,b,c\n", "line 3"),
        (b"id,text\n1\n", "line 2"),
        (b"id,text\n1,a\n2,\xff\n", "line 3"),
        (b'id,text\n1,"a\n', "line 2"),
        (b"id,text\n1,a\x00b\n", "line 2"),
        (b"sep=;\nid;words\n1;a\n", "line 2"),
        (b"\nsep=,\nid,text\n1,a\n2,b,c\n", "line 5"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path, content, line):
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    with pytest.raises(stream.BadStreamFile, match=line):
        stream.read_rows(file)


def test_the_command_says_what_is_wrong_and_serves_nothing(tmp_path):
    command = [sys.executable, "-m", "simulator", "--port", "0", "--stream", str(tmp_path / "absent.csv")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert "absent.csv: No such file" in done.stderr
    assert "http://" not in done.stdout


def test_the_first_line_is_the_address_and_rows_left_out_are_told(simulator_of, tmp_path):
    sim = simulator_of("--rate", "0", "--stream", str(written(tmp_path / "rows.csv", ["one", ""])))
    assert wait(sim)["skipped"] == ["line 3: no text, not posted"]
    assert sim.process.stdout.readline() == "rows.csv: 1 rows to post, 1 left out\n"
    assert sim.process.stderr.readline() == "simulator: rows.csv, line 3: no text, not posted\n"
