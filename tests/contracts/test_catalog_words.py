"""Which words text is made of, for those who search it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue_server.catalog.schema import WORD_LENGTH
from segue_server.catalog.words import fold, title_key, without_implied, words, words_to_store


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Björk", "bjork"),
        ("Bjo\N{COMBINING DIAERESIS}rk", "bjork"),
        ("RÓISÍN", "roisin"),
        ("Røyksopp & Łona", "royksopp & lona"),
        ("Straße STRASSE", "strasse strasse"),
        ("İstanbul", "istanbul"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}\N{SUPERSCRIPT TWO}", "a2"),
        ("\N{GREEK SMALL LETTER FINAL SIGMA}", "\N{GREEK SMALL LETTER SIGMA}"),
    ],
)
def test_case_accents_and_variants_are_folded_away(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_words_are_runs_of_letters_and_digits() -> None:
    assert words("Ob-La-Di, 4_ever (Rem. '99)") == ("ob", "la", "di", "4", "ever", "rem", "99")
    assert words("?! _ %") == ()


def test_a_sign_within_a_script_does_not_part_a_word() -> None:
    assert len(words("हिन्दी")) == 1
    assert len(words("ภาษาไทย")) == 1


def test_titles_that_differ_in_punctuation_only_are_the_same() -> None:
    assert title_key("Hello, World!") == title_key("hello world") == "hello world"


def test_what_stands_between_spaces_is_a_word_beside_its_parts() -> None:
    assert words_to_store("Don't", "R.E.M.") == {"don", "t", "dont", "r", "e", "m", "rem"}


def test_a_word_that_begins_another_adds_nothing() -> None:
    assert without_implied(("the", "t", "them", "no", "the")) == ("no", "them")


@given(st.text(), st.text())
def test_a_text_has_every_word_of_its_own(title: str, artist: str) -> None:
    assert set(words(title)) <= words_to_store(title, artist)
    assert set(words(title)) == set(words(title_key(title))) or len(title_key(title)) > 200


@given(st.text())
def test_words_hold_nothing_that_a_database_could_take_for_syntax(text: str) -> None:
    assert all(word.isalnum() and len(word) <= WORD_LENGTH for word in words_to_store(text))


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
