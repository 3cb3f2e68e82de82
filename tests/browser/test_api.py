"""The endpoints for programs, through gradio's own client."""

import asyncio
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

from training.cards.model_snippets import curl_snippet

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


def test_the_cards_shell_commands_name_their_parameters(
    client: Client, space: RunningSpace, tmp_path: Path
) -> None:
    title = 'The bank\'s "chatbot"'
    snippet = str(curl_snippet("me/my_space", title, TEXT))
    code = snippet.removeprefix("```bash\n").removesuffix("\n```")
    assert "https://me-my-space.hf.space" in code
    code = code.replace("https://me-my-space.hf.space", space.url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    answer = client.predict(title=title, text=TEXT, max_tags=5, api_name="/tag")
    assert done.stdout.splitlines() == [tag["tag"] for tag in answer["tags"]] != []


def test_a_threshold_leaves_uncertain_tags_out(client: Client) -> None:
    assert client.predict(title="", text=TEXT, threshold=1, api_name="/tag")["tags"] == []


def test_only_the_named_endpoints_are_there(client: Client) -> None:
    described = client.view_api(return_format="dict", print_info=False)
    assert isinstance(described, dict)
    assert set(described["named_endpoints"]) == {"/tag", "/tag_batch", "/correct"}
    assert described["unnamed_endpoints"] == {}
    names = [
        entry["parameter_name"] for entry in described["named_endpoints"]["/tag"]["parameters"]
    ]
    assert names == [
        "title",
        "text",
        "max_tags",
        "threshold",
        "allowed_tags",
        "prefer_tags",
        "max_windows",
        "evidence",
    ]
    for name, endpoint in described["named_endpoints"].items():
        assert len(endpoint["description"]) > 40, name


def test_an_allowlist_and_evidence(client: Client) -> None:
    allowed = ["Banking", "Chatbots", "Gardening"]
    answer = client.predict(
        text=TEXT, threshold=0, allowed_tags=allowed, evidence=True, api_name="/tag"
    )
    assert {tag["tag"] for tag in answer["tags"]} <= set(allowed)
    for tag in answer["tags"]:
        assert set(tag["evidence"]) == {"kind", "title", "text"}
        for begin, end in tag["evidence"]["text"]:
            assert 0 <= begin < end <= len(TEXT)


def test_a_batch_is_tagged_as_its_articles_one_by_one(client: Client) -> None:
    articles = [{"title": "", "text": TEXT}, {"text": ""}, {"title": "Flour", "text": "Bread."}]
    answer = client.predict(articles=articles, api_name="/tag_batch")
    first, empty, last = answer["results"]
    assert empty["tags"] == [] and "Paste the text" in empty["error"]
    for result, article in ((first, articles[0]), (last, articles[2])):
        alone = client.predict(**article, api_name="/tag")
        assert "error" not in result
        assert [tag["tag"] for tag in result["tags"]] == [tag["tag"] for tag in alone["tags"]]


def test_curl_gets_tags_in_two_calls(space: RunningSpace) -> None:
    address = f"{space.url}/gradio_api/call/tag"
    body = json.dumps({"data": ["", TEXT, None, None, None, None, None, False]})
    header = ["-H", "Content-Type: application/json"]
    started = subprocess.run(
        ["curl", "-s", "-X", "POST", address, *header, "-d", body], capture_output=True, check=True
    )
    event = json.loads(started.stdout)["event_id"]
    told = subprocess.run(
        ["curl", "-s", "-N", "-m", "30", f"{address}/{event}"], capture_output=True, check=True
    )
    assert b"event: complete" in told.stdout
    [answer] = json.loads(told.stdout.split(b"data: ")[-1])
    assert answer["model_repo"] == space.model_repo


def test_agents_have_the_same_three_tools(space: RunningSpace) -> None:
    async def ask() -> tuple[dict[str, str], Any]:
        async with (
            streamablehttp_client(f"{space.url}/gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            [name] = [tool.name for tool in tools if tool.name.endswith("tag")]
            called = await session.call_tool(name, {"title": "", "text": TEXT})
            for tool in tools:
                for name_, value in tool.inputSchema["properties"].items():
                    assert value.get("description"), (tool.name, name_)
            return {tool.name: tool.description or "" for tool in tools}, called

    # In a thread of its own: in this one Playwright may have a loop already.
    with ThreadPoolExecutor(1) as thread:
        tools, called = thread.submit(asyncio.run, ask()).result()
    ends = ("tag", "tag_batch", "correct")
    assert len(tools) == 3 and all(any(name.endswith(end) for name in tools) for end in ends)
    assert all(len(description) > 40 for description in tools.values())
    assert not called.isError
    assert "confidence" in called.content[0].text


def test_half_a_surrogate_pair_is_tagged_as_any_text(space: RunningSpace) -> None:
    given = r'{"text": "Banks use \ud83d chatbots.", "allowed_tags": ["Chatbots", "\udc00 x"]}'
    call = f'{{"name": "tag", "arguments": {given}}}'
    body = f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {call}}}'
    headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    place = f"{space.url}/gradio_api/mcp/"
    told = httpx2.post(place, content=body, headers=headers, timeout=30).text
    assert '"isError":false' in told and "confidence" in told


@pytest.mark.parametrize(
    ("endpoint", "values", "message"),
    [
        ("/tag", {"title": "", "text": ""}, "Paste the text of an article"),
        ("/tag", {"title": "", "text": "x" * 50_001}, "the limit is 50,000"),
        ("/tag", {"title": "", "text": TEXT, "max_tags": 99}, "max_tags must be a number from 1"),
        ("/tag", {"title": "", "text": TEXT, "threshold": "x"}, "threshold must be a number"),
        ("/tag", {"title": 5, "text": TEXT}, "The title must be text, not int"),
        ("/tag", {"text": TEXT, "allowed_tags": "AI"}, "allowed_tags must be a list of tags"),
        ("/tag", {"text": TEXT, "max_windows": 99}, "max_windows must be a number from 1 to 16"),
        ("/tag_batch", {"articles": []}, "articles must be a list of 1 to 64"),
        ("/tag_batch", {"articles": [{"text": TEXT}] * 65}, "articles must be a list of 1 to 64"),
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
