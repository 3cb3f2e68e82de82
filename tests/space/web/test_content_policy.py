"""The policy names the scripts of gradio's page, and nothing else that stands in place."""

import base64
import re
from hashlib import sha256

from tagloop.web.content_policy import content_policy, script_hashes


def directives(policy: str) -> dict[str, set[str]]:
    parts = [part.split() for part in policy.split("; ")]
    return {name: set(values) for name, *values in parts}


def test_each_script_in_the_page_is_known_by_its_hash() -> None:
    scripts = [b"window.a = {};", b"\n  let b = '</p>';\n"]
    page = b"<head><script>%b</script><SCRIPT data-x>%b</SCRIPT><script src=x></script>" % (
        *scripts,
    )
    expected = [base64.b64encode(sha256(script).digest()).decode() for script in scripts]
    assert script_hashes(page) == expected
    assert script_hashes(b"<script>never closed") == script_hashes(b"<script") == []
    assert script_hashes(b"<p>none</p>") == []


def test_many_beginnings_cost_no_more_than_their_length() -> None:
    assert script_hashes(b"<script" * 200_000) == []


def test_no_script_runs_in_place_and_none_comes_from_elsewhere() -> None:
    policy = directives(content_policy(["abc="]))
    assert policy["script-src"] == {"'self'", "'unsafe-eval'", "'sha256-abc='"}
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == {"'self'"}
    assert policy["object-src"] == {"'none'"}
    assert policy["frame-ancestors"] == policy["connect-src"] == {"'self'"}


def test_the_hub_may_show_the_space_and_a_share_link_has_gradios_scripts() -> None:
    hub = directives(content_policy(on_hub=True))
    assert {"'self'", "https://huggingface.co", "https://*.hf.space"} <= hub["frame-ancestors"]
    [elsewhere] = directives(content_policy(shared=True))["script-src"] - {
        "'self'",
        "'unsafe-eval'",
    }
    assert re.fullmatch(r"https://gradio\.s3[\w.-]*\.amazonaws\.com", elsewhere)
