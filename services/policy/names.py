"""Whether a credit names a protected artist: compared as people read names, not as bytes.

Equality after normalisation, never containment: "Adele Smith" is not Adele. A display artist is taken apart
at the words that join credits ("feat.", "&", "x"), and both the whole and the parts are compared, so that a
duo with an ampersand in its name is found too.
"""

import re
import unicodedata
from dataclasses import dataclass

from shared.events import Contributor, Declaration

_JOINERS = re.compile(
    r"\s*[,;/+&|•·]\s*|\s+(?:feat|ft|featuring|with|and|und|et|y|x|vs|versus|pres|presents)\b\.?\s+|\s*[()\[\]{}]\s*|\s+[-\u2013\u2014]\s+",
    re.IGNORECASE,
)
_FEATURED_IN_TITLE = re.compile(r"(?:\bfeat\b\.?|\bft\b\.?|\bfeaturing\b)\s*([^)\]]+)", re.IGNORECASE)
_DISGUISE = frozenset({"ai", "a.i", "official", "music", "vevo", "topic"})

# Letters of other scripts that are drawn like Latin ones: the single-letter lower-case entries of Unicode's
# confusables.txt (UTS #39) that are used to pass for a Latin name.
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕһԁԛԝвкмнтгпαεινορτυχκβγωℓıøłđ",
    "aeopcyxijshdqwbkmhtrnaeivoptuxkbywliold",
)
_SAME_LETTERS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ð": "d",
    "$": "s",
    "€": "e",
    "@": "a",
    "&": " and ",
    "+": " and ",
}

# DDEX contributor roles that write or publish rather than perform; a credit in one claims no voice.
_WRITING_ROLES = frozenset(
    {
        "adapter",
        "arranger",
        "author",
        "composer",
        "composerlyricist",
        "librettist",
        "lyricist",
        "musicpublisher",
        "originalpublisher",
        "publisher",
        "songwriter",
        "subarranger",
        "sublyricist",
        "subpublisher",
        "translator",
        "writer",
    }
)


def normalised(name: str) -> str:
    """Lower case, without accents, punctuation, look-alikes, invisible characters or a leading "the"."""
    text = unicodedata.normalize("NFKD", name).casefold().translate(_LOOKALIKES)
    for letter, replacement in _SAME_LETTERS.items():
        text = text.replace(letter, replacement)
    text = unicodedata.normalize("NFKD", text)
    kept = (
        " " if unicodedata.category(char)[0] in "ZP" else char
        for char in text
        if unicodedata.category(char) not in {"Mn", "Me", "Cf", "Cc"}
    )
    words = "".join(kept).split()
    while len(words) > 1 and words[0] == "the":
        words = words[1:]
    return " ".join(words)


def keys_of(name: str) -> frozenset[str]:
    """The keys a name is looked up under: with and without spaces, and without words that disguise it."""
    plain = normalised(name)
    bare = " ".join(word for word in plain.split() if word not in _DISGUISE)
    return frozenset(key for text in (plain, bare) for key in (text, text.replace(" ", "")) if key)


def parts_of(credit: str) -> tuple[str, ...]:
    """The credit as a whole, then each party it joins; no repeats."""
    parts = [credit.strip(), *(part.strip() for part in _JOINERS.split(credit))]
    return tuple(dict.fromkeys(part for part in parts if part))


@dataclass(frozen=True)
class Credit:
    """A name as it is credited, where, and whether that claims to perform."""

    name: str
    where: str
    performing: bool


def credits_of(declaration: Declaration) -> tuple[Credit, ...]:
    """Every name that the delivery puts forward, as stated; the same name may be credited twice."""
    found = [Credit(part, "display_artist", performing=True) for part in parts_of(declaration.display_artist)]
    for featured in _FEATURED_IN_TITLE.findall(declaration.title):
        found += [Credit(part, "title", performing=True) for part in parts_of(featured)]
    for contributor in declaration.contributors:
        found += [
            Credit(part, contributor.role, performing=_performs(contributor))
            for part in parts_of(contributor.name)
        ]
    return tuple(found)


def _performs(contributor: Contributor) -> bool:
    return re.sub(r"[^a-z]", "", contributor.role.casefold()) not in _WRITING_ROLES
