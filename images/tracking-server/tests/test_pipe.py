import threading

import pytest

from mlflow_instance.pipe import Pipe, PipeClosed


def test_reads_in_any_size_what_was_written_in_any_size() -> None:
    pipe = Pipe(10)
    data = bytes(range(256)) * 40

    def write() -> None:
        for start in range(0, len(data), 7):
            pipe.write(data[start : start + 7])
        pipe.finish()

    thread = threading.Thread(target=write)
    thread.start()
    read = []
    while piece := pipe.read(1000):
        read.append(piece)
    thread.join()
    assert b"".join(read) == data
    # All but the last are whole: S3 refuses a part that is too small.
    assert {len(piece) for piece in read[:-1]} == {1000}
    assert pipe.read(5) == b""


def test_without_a_size_reads_to_the_end() -> None:
    pipe = Pipe(100)
    pipe.write(b"ab")
    pipe.write(b"cd")
    pipe.finish()
    assert pipe.read() == b"abcd"
    assert pipe.read() == b""


def test_an_empty_upload_is_an_empty_file() -> None:
    pipe = Pipe(1)
    pipe.finish()
    assert pipe.read(8) == b""


def test_the_writer_waits_while_the_pipe_is_full() -> None:
    pipe = Pipe(10)
    pipe.write(b"x" * 10)
    written = threading.Event()

    def write() -> None:
        pipe.write(b"y")
        written.set()

    threading.Thread(target=write, daemon=True).start()
    assert not written.wait(0.2)
    assert pipe.read(10) == b"x" * 10
    assert written.wait(5)


def test_a_broken_upload_is_an_error_for_the_reader_and_not_an_end() -> None:
    pipe = Pipe(100)
    pipe.write(b"half")
    pipe.fail(RuntimeError("client went away"))
    with pytest.raises(OSError, match="broke off"):
        pipe.read(100)


def test_a_reader_that_failed_releases_the_writer() -> None:
    pipe = Pipe(1)
    pipe.write(b"x")
    threading.Timer(0.1, pipe.close_reader).start()
    with pytest.raises(PipeClosed):
        pipe.write(b"y")
