"""Downloads from a local server that breaks off, changes the file, or knows no ranges."""

import fcntl
import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tailwise.cli.main import main
from tailwise.core.errors import UserError
from tailwise.data.download.fetch import Patience, fetch
from tailwise.data.download.listing import Wanted, read_list

CONTENT = bytes(range(256)) * 400
DIGEST = hashlib.sha256(CONTENT).hexdigest()
SOON = Patience(tries=3, wait_s=0.0, timeout_s=5.0)


class Server(ThreadingHTTPServer):
    """Serves CONTENT at any path. breaks: bytes after which an answer ends, None: whole; ranges: whether it knows them

    asked: the ranges that were asked for; status: what it answers instead, if not 200
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.breaks, self.ranges, self.status = CONTENT, None, True, 200
        self.asked, self.tag = [], '"one"'

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file.bin"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, asked = self.server, self.headers.get("Range")
        server.asked.append(asked)
        if server.status != 200:
            self.send_error(server.status)
            return
        same = self.headers.get("If-Range") in (None, server.tag)
        start = int(re.search(r"\d+", asked)[0]) if asked and server.ranges and same else 0
        if start >= len(server.content) > 0:
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
        self.send_header("Content-Length", str(len(server.content) - start))
        if server.tag:
            self.send_header("ETag", server.tag)
        self.end_headers()
        rest = server.content[start:]
        self.wfile.write(rest if server.breaks is None else rest[: server.breaks])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def get(server, folder, **known):
    return fetch(Wanted(server.url, "file.bin", **known), folder, SOON, lambda count: None)


def test_a_file_comes_whole_and_is_not_fetched_twice(server, tmp_path):
    assert get(server, tmp_path, size=len(CONTENT), sha256=DIGEST)
    assert (tmp_path / "file.bin").read_bytes() == CONTENT
    assert not get(server, tmp_path, size=len(CONTENT), sha256=DIGEST)
    assert server.asked == [None] and [file.name for file in tmp_path.iterdir()] == ["file.bin"]


def test_a_connection_that_breaks_off_goes_on_by_range(server, tmp_path):
    server.breaks = 30_000
    assert get(server, tmp_path, sha256=DIGEST)
    assert server.asked == [None, "bytes=30000-", "bytes=60000-", "bytes=90000-"]
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_later_run_goes_on_where_the_first_gave_up(server, tmp_path):
    server.breaks = 0
    with pytest.raises(UserError, match="broke off, 3 times"):
        get(server, tmp_path)
    (tmp_path / "file.bin.part").write_bytes(CONTENT[:50_000])
    server.breaks = None
    assert get(server, tmp_path, sha256=DIGEST) and server.asked[-1] == "bytes=50000-"


def test_a_server_without_ranges_sends_all_again(server, tmp_path):
    server.breaks, server.ranges = 60_000, False
    (tmp_path / "file.bin.part").write_bytes(CONTENT[:60_000])
    (tmp_path / "file.bin.part.json").write_text('{"version": "\\"one\\""}')
    server.breaks = None
    assert get(server, tmp_path, sha256=DIGEST) and (tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_fetched_anew(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(b"old" * 1000)
    (tmp_path / "file.bin.part.json").write_text('{"version": "\\"old\\""}')
    assert get(server, tmp_path) and (tmp_path / "file.bin").read_bytes() == CONTENT


def test_more_bytes_than_the_server_has_are_thrown_away(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(CONTENT + b"more")
    (tmp_path / "file.bin.part.json").write_text('{"version": "\\"one\\""}')
    assert get(server, tmp_path) and (tmp_path / "file.bin").read_bytes() == CONTENT


def test_without_a_version_it_begins_anew(server, tmp_path):
    server.tag = ""
    (tmp_path / "file.bin.part").write_bytes(b"unknown")
    assert get(server, tmp_path) and server.asked == [None]
    assert (tmp_path / "file.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("known", "said"), [({"size": 5}, "bytes where the list says 5"), ({"sha256": "0" * 64}, "sha256")]
)
def test_another_file_than_the_list_says_is_refused(server, tmp_path, known, said):
    with pytest.raises(UserError, match=said):
        get(server, tmp_path, **known)
    assert not list(tmp_path.iterdir())


def test_a_wrong_file_that_is_there_is_left_to_the_user(server, tmp_path):
    (tmp_path / "file.bin").write_bytes(b"mine")
    with pytest.raises(UserError, match="has 4 bytes where the list says 9"):
        get(server, tmp_path, size=9)
    assert (tmp_path / "file.bin").read_bytes() == b"mine"


@pytest.mark.parametrize(("status", "times"), [(404, 1), (403, 1), (503, 3)])
def test_the_server_s_refusal_is_said_at_once_and_its_weakness_after_tries(server, tmp_path, status, times):
    server.status = status
    with pytest.raises(UserError, match=f"{status}"):
        get(server, tmp_path)
    assert len(server.asked) == times


def test_a_server_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(UserError, match="refused, 3 times"):
        fetch(Wanted("http://127.0.0.1:9/x", "x"), tmp_path, SOON, lambda count: None)


def test_two_downloads_of_a_file_at_once_are_refused(server, tmp_path):
    with open(tmp_path / "file.bin.part", "ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another process downloads it"):
            get(server, tmp_path)


def test_the_command_fetches_the_list_and_names_what_is_missing(server, tmp_path, capsys):
    file = tmp_path / "list.csv"
    file.write_text(f"url,size,sha256,name\n{server.url},{len(CONTENT)},{DIGEST},a.bin\n{server.url},3,,b.bin\n")
    assert main(["download", str(file), str(tmp_path / "raw")]) == 1
    found = capsys.readouterr()
    assert "1 of 2 files downloaded, 0 were there" in found.out
    assert "1 of 2 files are missing" in found.err and "b.bin.part" in found.err and "Traceback" not in found.err


LISTS = {
    "no url": ("name\na\n", "has no column url"),
    "empty": ("", "has no column url|lists no file"),
    "header alone": ("url\n", "lists no file"),
    "a file": ("url\nfile:///etc/passwd\n", "line 2: url must begin with http"),
    "outside": ("url,name\nhttp://a/b,../c\n", "line 2: '../c' cannot be the file's name"),
    "no name": ("url\nhttp://a/\n", "cannot be the file's name"),
    "twice": ("url\nhttp://a/b\nhttp://c/b\n", "line 3: the name b is in line 2 too"),
    "size": ("url,size\nhttp://a/b,-3\n", "size must be a number of bytes"),
    "hash": ("url,sha256\nhttp://a/b,abc\n", "sha256 must have 64 digits"),
    "column": ("url,md5\nhttp://a/b,x\n", "column 'md5' is unknown"),
    "width": ("url,size\nhttp://a/b\n", "line 2: 1 fields where the header has 2"),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_wrong_list_is_refused_by_file_and_line(tmp_path, name):
    text, said = LISTS[name]
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(UserError, match=said) as error:
        read_list(tmp_path / "list.csv")
    assert "list.csv" in str(error.value)
