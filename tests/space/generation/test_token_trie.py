"""A list of token sequences as a tree."""

from __future__ import annotations

from tagloop.generation.token_trie import TokenTrie


def test_only_what_continues_a_sequence_may_follow() -> None:
    trie = TokenTrie([[1, 2, 9], [1, 3, 4, 9], [1, 9], [5, 9]])
    assert sorted(trie.following([])) == [1, 5]
    assert sorted(trie.following([1])) == [2, 3, 9]
    assert trie.following([1, 3]) == [4]
    assert trie.following([1, 3, 4, 9]) == []  # whole
    assert trie.following([2]) == trie.following([1, 4]) == []
    assert trie.longest == 4


def test_equal_sequences_have_one_place() -> None:
    trie = TokenTrie([[1, 9], [2, 9], [1, 9]])
    assert trie.targets == [(1, 9), (2, 9)]
    assert trie.places == {(1, 9): 0, (2, 9): 1}


def test_a_tree_may_be_empty() -> None:
    trie = TokenTrie([])
    assert trie.following([]) == [] and trie.longest == 0
