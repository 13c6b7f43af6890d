"""How hard a text is to read: the Flesch-Kincaid grade, as a US school year.

    grade = 0.39 x words / sentences + 11.8 x syllables / words - 15.59

(Kincaid, Fishburne, Rogers and Chissom 1975.) Packages that work it out need a dictionary from the network
when they run, which a test must not. Here syllables are counted from the letters, and what the letters
mislead about stands in a list, made by comparing every word of the library with the CMU Pronouncing
Dictionary.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

SYLLABLES: Final[Mapping[str, int]] = {
    "adhd": 4,
    "anesthesia": 4,
    "anxiety": 4,
    "bdnf": 4,
    "careful": 2,
    "clothes": 1,
    "crps": 4,
    "diabetes": 4,
    "ect": 3,
    "fda": 3,
    "hundred": 2,
    "idea": 3,
    "ideas": 3,
    "likely": 2,
    "nineteen": 2,
    "nmda": 4,
    "ocd": 3,
    "ptsd": 4,
    "rarely": 2,
    "reaction": 3,
    "safety": 2,
    "science": 2,
    "shingles": 2,
    "somebody": 3,
    "something": 2,
    "sometimes": 2,
    "somewhere": 2,
    "suicide": 3,
    "theophylline": 4,
    "tongue": 1,
    "usual": 3,
    "vial": 2,
}
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ONES: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *(
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ),
)
_WORD: Final = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?|\d+(?:,\d{3})*")
_SENTENCE_END: Final = re.compile(r"[.!?:]+(?=\s|$)")
_POSSESSIVE: Final = re.compile(r"['’](s|re|ve|ll|d|t|m)$")
_VOWELS: Final = re.compile(r"[aeiouy]+")
# An e that is not heard: at the end (make, but not little), before s (takes, but not boxes), before d (used).
_SILENT: Final = re.compile(r"([^aeiouyl]|[aeiouy]l)e$|[^aeiouyscxzgh]es$|[^aeioutdy]ed$")
# Two vowels that are heard apart: giant, period, being, usual.
_APART: Final = re.compile(r"ia(?!l)|io(?!n|us)|iu|eing|ying|ua(?!r|l)")


def grade(texts: Iterable[str]) -> float:
    """The Flesch-Kincaid grade of paragraphs; a paragraph's end ends a sentence, and so does a colon."""
    sentences = [found for text in texts for each in _SENTENCE_END.split(text) if (found := words_of(each))]
    assert sentences, "there is nothing to read"
    words = [word for sentence in sentences for word in sentence]
    counted = sum(syllables_of(word) for word in words)
    return of_counts(sentences=len(sentences), words=len(words), syllables=counted)


def of_counts(*, sentences: int, words: int, syllables: int) -> float:
    """The formula itself."""
    return 0.39 * words / sentences + 11.8 * syllables / words - 15.59


def words_of(text: str) -> list[str]:
    """The words of a text; numbers are spelled out as they are read aloud."""
    spelled: list[str] = []
    for word in _WORD.findall(text.replace("%", " percent ")):
        spelled += _spoken(int(word.replace(",", ""))) if word[0].isdigit() else [word]
    return spelled


def _spoken(number: int) -> list[str]:
    if number < 20:
        return [_ONES[number]]
    if number < 100:
        return [_TENS[number // 10], *([_ONES[number % 10]] if number % 10 else [])]
    if number < 1000:
        return [_ONES[number // 100], "hundred", *(_spoken(number % 100) if number % 100 else [])]
    return [*_spoken(number // 1000), "thousand", *(_spoken(number % 1000) if number % 1000 else [])]


def syllables_of(word: str) -> int:
    """The syllables of one word, at least one."""
    plain = _POSSESSIVE.sub("", word.lower())
    if plain in SYLLABLES:
        return SYLLABLES[plain]
    counted = len(_VOWELS.findall(plain)) - bool(_SILENT.search(plain)) + len(_APART.findall(plain))
    return max(counted, 1)
