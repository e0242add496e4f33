"""Searching by words: the same folding for what is indexed and for what is asked."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 40


def words_of(*texts: str) -> frozenset[str]:
    """Words without case and accents ("Beyoncé" is found by "beyonce"), each cut at 40 characters."""
    decomposed = unicodedata.normalize("NFKD", " ".join(texts)).casefold()
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return frozenset(word[:_LONGEST] for word in _WORD.findall(plain))
