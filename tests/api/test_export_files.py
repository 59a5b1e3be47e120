"""A file appears whole, in nobody's place, and for nobody's eyes but its owner's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.exports.files import BeingWritten, FileThere, new_file


def test_a_file_appears_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    with new_file(path) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
        assert (tmp_path / "list.csv.part").stat().st_mode & 0o777 == 0o600
        with pytest.raises(BeingWritten), new_file(path):
            pass
    assert path.read_bytes() == b"half"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("mine")
    with pytest.raises(FileThere), new_file(path):
        pass
    with failing(), new_file(path, force=True) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert (path.read_text(), list(tmp_path.iterdir())) == ("mine", [path])
    (tmp_path / "list.csv.part").write_text("what a killed one left, which was longer")
    with new_file(path, force=True) as file:
        file.write(b"new")
    assert (path.read_text(), list(tmp_path.iterdir())) == ("new", [path])
    other = tmp_path / "other.csv"
    with pytest.raises(FileThere), new_file(other):
        other.write_text("meanwhile")
    assert other.read_text() == "meanwhile"


@contextmanager
def failing() -> Iterator[None]:
    with pytest.raises(ZeroDivisionError):
        yield
