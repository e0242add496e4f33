"""Searching by words: the same folding for what is indexed and for what is asked."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_TRACK_ID = re.compile(r"(?<![^\W_])[0-9a-f]{8}-[0-9a-f-]{1,27}(?![^\W_])")
_LONGEST = 40


def folded(name: str) -> str:
    """A whole name as it is searched for: its words without case and accents, at most 80 characters."""
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(_WORD.findall(plain))[:80]


def words_of(*texts: str) -> frozenset[str]:
    """Words without case and accents ("Beyoncé" is found by "beyonce"), each cut at 40 characters.

    A track id, or the beginning of one, is a single word: five for each case would be more than half of all
    that the queue has to remember of words.
    """
    decomposed = unicodedata.normalize("NFKD", " ".join(texts)).casefold()
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    joined = _TRACK_ID.sub(lambda found: found[0].replace("-", ""), plain)
    return frozenset(word[:_LONGEST] for word in _WORD.findall(joined))
