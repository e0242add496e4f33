"""What is sealed opens with its key, for what it was bound to, unchanged; and in no other way."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from shared.voiceprints.sealing import Unopened, seal, unseal

KEY, OTHER = bytes(32), bytes([1] * 32)
words = st.lists(st.text(max_size=10), max_size=3)


@given(st.binary(max_size=200), words)
def test_it_opens_with_its_key(content: bytes, bound: list[str]) -> None:
    assert unseal(KEY, seal(KEY, content, *bound), *bound) == content


@given(st.binary(max_size=50), words, words)
def test_it_opens_for_nothing_else(content: bytes, bound: list[str], asked: list[str]) -> None:
    sealed = seal(KEY, content, *bound)
    assert isinstance(unseal(OTHER, sealed, *bound), Unopened)
    if asked != bound:
        assert isinstance(unseal(KEY, sealed, *asked), Unopened)


@given(st.binary(min_size=1, max_size=50), st.data())
def test_one_changed_bit_is_noticed(content: bytes, data: st.DataObject) -> None:
    raw = bytearray(base64.b64decode(seal(KEY, content).partition(".")[2]))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    assert isinstance(unseal(KEY, "v1." + base64.b64encode(raw).decode()), Unopened)


@given(st.text(max_size=60))
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    assert isinstance(unseal(KEY, text), Unopened)
    assert isinstance(unseal(KEY, f"v1.{text}"), Unopened)


def test_the_same_content_is_never_sealed_the_same_way_twice() -> None:
    assert seal(KEY, b"a voice") != seal(KEY, b"a voice")
