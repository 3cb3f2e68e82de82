"""Discussions and pull requests through the unmodified client."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.community import DiscussionComment
from huggingface_hub.errors import HfHubHTTPError

from training.hub import EmbeddedHub


def propose(api: HfApi, repo: str, path: str, content: bytes) -> int:
    made = api.create_commit(
        repo,
        [CommitOperationAdd(path, content)],
        commit_message=f"Change {path}",
        commit_description="because",
        create_pr=True,
    )
    assert made.pr_num is not None and made.pr_url is not None
    assert made.pr_url.endswith(f"/{repo}/discussions/{made.pr_num}")
    return made.pr_num


def test_a_request_is_seen_commented_extended_and_merged(api: HfApi, repo: str) -> None:
    number = propose(api, repo, "a.txt", b"1\n")
    assert "a.txt" not in api.list_repo_files(repo)
    assert "a.txt" in api.list_repo_files(repo, revision=f"refs/pr/{number}")
    api.comment_discussion(repo, number, "looks good")
    api.rename_discussion(repo, number, "A better title")
    api.upload_file(
        path_or_fileobj=b"2\n", path_in_repo="b.txt", repo_id=repo, revision=f"refs/pr/{number}"
    )
    api.upload_file(path_or_fileobj=b"m\n", path_in_repo="main.txt", repo_id=repo)
    [listed] = api.get_repo_discussions(repo, discussion_type="pull_request")
    assert (listed.num, listed.title, listed.status) == (number, "A better title", "open")
    details = api.get_discussion_details(repo, number)
    assert [event.type for event in details.events] == [
        "comment",
        "commit",
        "comment",
        "title-change",
        "commit",
    ]
    assert details.conflicting_files == []
    assert details.diff is not None
    assert "+1" in details.diff and "main.txt" not in details.diff
    pulls = api.list_repo_refs(repo, include_pull_requests=True).pull_requests
    assert pulls is not None
    [pull] = pulls
    assert pull.ref == f"refs/pr/{number}"
    api.merge_pull_request(repo, number)
    assert {"a.txt", "b.txt", "main.txt"} <= set(api.list_repo_files(repo))
    details = api.get_discussion_details(repo, number)
    assert details.status == "merged"
    assert details.merge_commit_oid == api.model_info(repo).sha
    assert list(api.get_repo_discussions(repo, discussion_status="open")) == []
    with pytest.raises(HfHubHTTPError, match="409"):
        api.merge_pull_request(repo, number)


def test_both_sides_changing_a_file_is_a_conflict(api: HfApi, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"0", path_in_repo="a", repo_id=repo)
    number = propose(api, repo, "a", b"theirs")
    api.upload_file(path_or_fileobj=b"ours", path_in_repo="a", repo_id=repo)
    assert api.get_discussion_details(repo, number).conflicting_files == ["a"]
    before = api.model_info(repo).sha
    with pytest.raises(HfHubHTTPError, match="409"):
        api.merge_pull_request(repo, number)
    assert api.model_info(repo).sha == before


def test_a_request_that_deletes(api: HfApi, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"0", path_in_repo="a", repo_id=repo)
    made = api.create_commit(
        repo, [CommitOperationDelete("a")], commit_message="Remove", create_pr=True
    )
    assert made.pr_num is not None
    api.merge_pull_request(repo, made.pr_num)
    assert "a" not in api.list_repo_files(repo)


def test_an_empty_request_and_a_discussion(api: HfApi, repo: str) -> None:
    request = api.create_pull_request(repo, "To be filled")
    assert request.status == "draft"
    with pytest.raises(HfHubHTTPError, match="no changes"):
        api.merge_pull_request(repo, request.num)
    talk = api.create_discussion(repo, "A question", description="why?")
    assert (talk.num, talk.is_pull_request) == (request.num + 1, False)
    api.change_discussion_status(repo, talk.num, "closed", comment="answered")
    details = api.get_discussion_details(repo, talk.num)
    answer = details.events[-2]
    assert isinstance(answer, DiscussionComment)
    assert (details.status, answer.content) == ("closed", "answered")
    assert [item.num for item in api.get_repo_discussions(repo)] == [talk.num, request.num]


def test_other_users_propose_but_do_not_decide(api: HfApi, repo: str, hub: EmbeddedHub) -> None:
    other = HfApi(token=hub.accounts.token_of("other"))
    number = propose(other, repo, "a", b"1")
    other.upload_file(
        path_or_fileobj=b"2", path_in_repo="a", repo_id=repo, revision=f"refs/pr/{number}"
    )
    mine = propose(api, repo, "b", b"1")
    refused: list[Callable[[], object]] = [
        lambda: other.merge_pull_request(repo, number),
        lambda: other.change_discussion_status(repo, mine, "closed"),
        lambda: other.upload_file(
            path_or_fileobj=b"", path_in_repo="b", repo_id=repo, revision=f"refs/pr/{mine}"
        ),
        lambda: other.upload_file(path_or_fileobj=b"", path_in_repo="b", repo_id=repo),
    ]
    for action in refused:
        with pytest.raises(HfHubHTTPError, match="403"):
            action()
    other.change_discussion_status(repo, number, "closed")
    assert api.get_discussion_details(repo, number).author == "other"


def test_comments_are_edited_and_hidden(api: HfApi, repo: str, hub: EmbeddedHub) -> None:
    other = HfApi(token=hub.accounts.token_of("other"))
    number = api.create_discussion(repo, "A question", description="why?").num
    made = other.comment_discussion(repo, number, "becuase")
    with pytest.raises(HfHubHTTPError, match="403"):
        api.edit_discussion_comment(repo, number, made.id, "mine now")
    edited = other.edit_discussion_comment(repo, number, made.id, "because")
    assert (edited.id, edited.edited, edited.content) == (made.id, True, "because")
    assert edited.number_of_edits == 1
    [first, _] = api.get_discussion_details(repo, number).events
    with pytest.raises(HfHubHTTPError, match="403"):
        other.hide_discussion_comment(repo, number, first.id)
    with pytest.warns(UserWarning, match="irreversible"):
        hidden = api.hide_discussion_comment(repo, number, made.id)
    assert hidden.hidden and "because" not in hidden.content
    assert "because" not in str(api.get_discussion_details(repo, number).events[1]._event)
    with pytest.raises(HfHubHTTPError, match="stays hidden"):
        other.edit_discussion_comment(repo, number, made.id, "again")
    with pytest.raises(HfHubHTTPError, match="404"):
        other.edit_discussion_comment(repo, number, "0" * 24, "none")
