"""The endpoints for programs, through gradio's own client."""

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from .conftest import RunningSpace


@pytest.fixture(scope="module")
def client(space: RunningSpace) -> Client:
    return Client(space.url, verbose=False)


TEXT = "A chatbot that knows the customer's open cases."


def test_tag_and_correct(client: Client, space: RunningSpace) -> None:
    answer = client.predict(title="", text=TEXT, max_tags=3, api_name="/tag")
    assert set(answer) == {"tags", "model_repo", "model_revision"}
    assert answer["model_repo"] == space.model_repo
    assert answer["model_revision"] == space.api.model_info(space.model_repo).sha
    assert 1 <= len(answer["tags"]) <= 3
    for tag in answer["tags"]:
        assert set(tag) == {"tag", "confidence", "present"}
        assert 0 <= tag["confidence"] <= 1
    saved = client.predict(
        title="",
        text=TEXT,
        predicted=answer["tags"],
        corrected=["Chatbots"],
        verdict="fixed",
        api_name="/correct",
    )
    assert set(saved) == {"id", "saved"}
    assert saved["saved"] is True


def test_a_threshold_leaves_uncertain_tags_out(client: Client) -> None:
    assert client.predict(title="", text=TEXT, threshold=1, api_name="/tag")["tags"] == []


def test_only_the_named_endpoints_are_there(client: Client) -> None:
    described = client.view_api(return_format="dict", print_info=False)
    assert isinstance(described, dict)
    assert set(described["named_endpoints"]) == {"/tag", "/correct"}
    assert described["unnamed_endpoints"] == {}
    names = [
        entry["parameter_name"] for entry in described["named_endpoints"]["/tag"]["parameters"]
    ]
    assert names == ["title", "text", "max_tags", "threshold"]


@pytest.mark.parametrize(
    ("endpoint", "values", "message"),
    [
        ("/tag", {"title": "", "text": ""}, "Paste the text of an article"),
        ("/tag", {"title": "", "text": "x" * 50_001}, "the limit is 50,000"),
        ("/tag", {"title": "", "text": TEXT, "max_tags": 99}, "max_tags must be a number from 1"),
        ("/tag", {"title": "", "text": TEXT, "threshold": "x"}, "threshold must be a number"),
        ("/tag", {"title": 5, "text": TEXT}, "The title must be text, not int"),
        (
            "/correct",
            {"title": "", "text": TEXT, "predicted": [], "corrected": [], "verdict": "meh"},
            "must be good, fixed or bad",
        ),
        (
            "/correct",
            {"title": "", "text": TEXT, "predicted": [7], "corrected": [], "verdict": "good"},
            "Each predicted tag must be of the form",
        ),
    ],
)
def test_mistakes_are_answered_in_one_sentence(
    client: Client, endpoint: str, values: dict[str, object], message: str
) -> None:
    with pytest.raises(AppError, match=message):
        client.predict(**values, api_name=endpoint)
