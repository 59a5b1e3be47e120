"""What an import keeps of its rows is found again, however many there are, and takes no memory."""

import tracemalloc
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from api.imports.seen import Seen, Texts, digest


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=3), st.binary(min_size=16, max_size=16)), max_size=40))
def test_a_text_has_the_value_that_it_was_put_with_last(puts: list[tuple[str, bytes]]) -> None:
    seen, expected = Seen(), dict[str, bytes]()
    for text, value in puts:
        assert seen.get(text) == expected.get(text)
        seen.put(text, value)
        expected[text] = value
    assert {text: seen.get(text) for text in expected} == expected
    seen.close()


def test_nothing_is_lost_when_it_grows() -> None:
    seen = Seen()
    for number in range(30_000):
        seen.put(str(number), digest(f"of {number}"))
    assert all(seen.get(str(number)) == digest(f"of {number}") for number in range(30_000))
    assert [seen.get(f"{number}x") for number in range(1_000)] == [None] * 1_000
    seen.close()


def test_it_counts() -> None:
    seen, counter = Seen(), Counter[str]()
    for text in "abracadabra":
        counter[text] += 1
        assert seen.count(text) == counter[text]
    seen.close()


def test_a_longer_text_is_kept_too() -> None:
    texts = Texts()
    texts.put("a", "First")
    texts.put("b", "Zürich \N{SNOWMAN}" * 1_000)
    texts.put("a", "")
    assert (texts.get("a"), texts.get("b"), texts.get("c")) == ("", "Zürich \N{SNOWMAN}" * 1_000, None)
    texts.close()


def test_ten_times_as_many_take_no_more_memory() -> None:
    def most(count: int) -> int:
        seen = Seen()
        tracemalloc.reset_peak()
        for number in range(count):
            seen.put(str(number), digest(str(number)))
        seen.close()
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    few, many = most(3_000), most(30_000)
    tracemalloc.stop()
    assert many < few + 100_000
