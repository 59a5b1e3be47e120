"""The pictures in the documentation are those that the command makes, of every page, and small."""

import re
from pathlib import Path

from tests.browser.pages import PLACES
from tests.browser.pictures import FOLDER, GALLERY, VIEWS, file_of, gallery, pictured

ROOT = Path(__file__).resolve().parent.parent
MOST_BYTES = 3_000_000


def test_there_is_every_picture_that_the_command_makes_and_no_other() -> None:
    made = {file_of(place, view) for place in pictured() for view in VIEWS}
    assert {file.name for file in FOLDER.iterdir()} == made | {GALLERY.name}


def test_every_route_of_the_console_is_pictured() -> None:
    assert {place.route for place in pictured()} == {place.route for place in PLACES}


def test_the_page_of_all_pictures_is_the_one_that_the_command_writes() -> None:
    assert GALLERY.read_text() == gallery()


def test_every_picture_that_a_page_shows_is_there_and_says_what_it_is() -> None:
    for page in (ROOT / "README.md", *ROOT.glob("docs/**/*.md")):
        for words, file in re.findall(r"!\[(.*?)\]\(([^)]+)\)", page.read_text()):
            assert (page.parent / file).is_file(), f"{page.name} shows {file}, which is not there"
            assert words, f"{page.name} does not say what {file} shows"


def test_the_pictures_are_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < MOST_BYTES
