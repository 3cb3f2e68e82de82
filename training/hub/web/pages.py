"""The pages: what a person looks at to see what was published. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from training.hub.api.collections import found as found_collection
from training.hub.api.collections import shown_items
from training.hub.api.files import SHOWN, media_type
from training.hub.api.listings import seen
from training.hub.errors import HubError, entry_not_found
from training.hub.names import PREFIXES, split_revision
from training.hub.repo_info import sdk_of, tags
from training.hub.routing import Access, Call, api, repo_addresses
from training.hub.space_hosts import origin_of, subdomain_of
from training.hub.storage.card import lenient_card
from training.hub.storage.discussions import Discussions
from training.hub.storage.history import (
    FileDifference,
    body_of,
    commits,
    difference,
    last_commits,
)
from training.hub.storage.merging import origin_tree
from training.hub.web.markdown import render_all
from training.hub.web.rendering import SIGN_IN, TEMPLATES, page, repo_page

MAX_SHOWN = 300_000
"""Longest text file, in bytes, that is shown on a page."""
MAX_LINES = 1500
"""Most lines of one file's difference that are shown."""
MAX_FILES = 200
"""Most files of a commit whose difference is shown."""
MAX_ENTRIES = 1000
"""Most entries of a folder that are shown."""
PAGE = 50


def front(call: Call) -> Response:
    """Shows all repositories that the caller may see, or one user's."""
    user = call.part("user") if "user" in call.request.path_params else None
    found = {kind: [] for kind in PREFIXES}  # type: dict[str, list[dict[str, Any]]]
    broken = []
    for repository, item in seen(call):
        if user not in (None, repository.namespace):
            continue
        if item is None:
            broken.append(repository)
        else:
            found[repository.kind].append({**item, "address": repository.address})
    if user is not None and not any(found.values()) and not broken:
        raise HubError(404, f"There is no user {user!r} with anything to see.")
    for items in found.values():
        items.sort(key=lambda item: item["lastModified"], reverse=True)
    return page(call, "front.html", found=found, broken=broken, user=user)


def card(call: Call) -> Response:
    """Shows a repository's card, what its metadata say, and how to use it."""
    repository = call.repository
    head = repository.git.resolve("main")
    read = lenient_card(repository.git.read(head, "README.md"))
    settings = repository.settings()
    return repo_page(
        call,
        "card.html",
        head,
        "main",
        tab="card",
        html=render_all([read.text], repository.address, "main")[0],
        fault=read.fault,
        tags=tags(read),
        variables=settings.get("variables", {}),
        secrets=len(settings.get("secrets", {})),
        results=_results(read.data),
        app=_app(call, settings),
    )


def _app(call: Call, settings: dict[str, Any]) -> str | None:
    """Returns the origin of a static Space's own page, None where there is none to see."""
    repository = call.repository
    is_served = repository.kind == "spaces" and not settings["private"]
    if not is_served or sdk_of(repository) != "static":
        return None
    return origin_of(call.base, subdomain_of(repository.repo_id))


def _results(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Gathers the measured values of a model card's model-index."""
    found = []
    for model in _parts(data, "model-index"):
        for result in _parts(model, "results"):
            for metric in _parts(result, "metrics"):
                if isinstance(metric, dict) and isinstance(metric.get("value"), int | float):
                    name = str(metric.get("name", metric.get("type", "")))
                    found.append((name, f"{metric['value']:.4g}"))
    return found


def _parts(value: Any, key: str) -> list[Any]:
    """Returns the list under a key; an empty one where somebody wrote something else."""
    parts = value.get(key) if isinstance(value, dict) else None
    return parts if isinstance(parts, list) else []


def folder(call: Call) -> Response:
    """Shows a folder with each entry's last commit."""
    revision, path = split_revision(call.request.path_params["rest"])
    git, path = call.repository.git, path.strip("/")
    head = git.resolve(revision)
    entries = git.listing(head, path, most=MAX_ENTRIES + 1)
    is_cut = len(entries) > MAX_ENTRIES
    del entries[MAX_ENTRIES:]
    entries.sort(key=lambda entry: (not entry.is_folder, entry.path))
    last = last_commits(git, head, [entry.path for entry in entries])
    return repo_page(
        call,
        "folder.html",
        head,
        revision,
        tab="files",
        entries=entries,
        last=last,
        path=path,
        most=MAX_ENTRIES if is_cut else None,
    )


def file(call: Call) -> Response:
    """Shows a file: text and pictures as such, of others what is known about them."""
    revision, path = split_revision(call.request.path_params["rest"])
    git = call.repository.git
    head = git.resolve(revision)
    entry = git.entry(head, path)
    if entry.is_folder:
        raise entry_not_found(path)
    text = None
    if entry.lfs is None and entry.size <= MAX_SHOWN:
        content = git.blob(entry.oid.encode())
        text = None if b"\0" in content else content.decode(errors="replace")
    is_image = media_type(path) in SHOWN
    return repo_page(
        call,
        "file.html",
        head,
        revision,
        tab="files",
        path=path,
        entry=entry,
        lines=text.splitlines() if text is not None and not is_image else None,
        is_image=is_image,
    )


def history(call: Call) -> Response:
    """Shows a revision's commits."""
    revision, _ = split_revision(call.request.path_params["rest"])
    git = call.repository.git
    head = git.resolve(revision)
    number = call.number("p", 0)
    found = list(commits(git, head))
    shown = found[number * PAGE : (number + 1) * PAGE]
    more = number + 1 if (number + 1) * PAGE < len(found) else None
    names = {sha: name for name, sha in git.list_refs("tags").items()}
    return repo_page(
        call, "history.html", head, revision, tab="history", commits=shown, more=more, names=names
    )


def commit(call: Call) -> Response:
    """Shows what a commit changed."""
    git = call.repository.git
    head = git.resolve(split_revision(call.request.path_params["rest"])[0])
    before = git.resolve(head.parents[0].decode()).tree if head.parents else None
    parts = shown_part(difference(git, before, head.tree))
    return repo_page(
        call,
        "commit.html",
        head,
        head.id.decode(),
        tab="history",
        commit=head,
        body=body_of(head),
        parts=parts,
        max_lines=MAX_LINES,
    )


def shown_part(parts: Iterable[FileDifference]) -> list[FileDifference]:
    """Takes as many files as a page can show, and says so where there are more."""
    shown = list(islice(parts, MAX_FILES + 1))
    if len(shown) > MAX_FILES:
        shown[-1] = FileDifference("more files", "modify", f"Only {MAX_FILES} files are shown.")
    return shown


def discussions(call: Call) -> Response:
    """Shows the list of discussions and pull requests."""
    head = call.repository.git.resolve("main")
    found = Discussions(call.repository).all()
    return repo_page(call, "discussions.html", head, "main", tab="community", items=found)


def discussion(call: Call) -> Response:
    """Shows one of them; of a pull request also what it would change."""
    repository = call.repository
    item = Discussions(repository).get(call.part("number"))
    git = repository.git
    head = git.resolve("main")
    request = git.at_ref(f"refs/pr/{item['num']}")
    is_open = item["base"] and item["status"] in ("open", "draft")
    parts: list[FileDifference] = []
    if is_open and request:
        parts = shown_part(difference(git, origin_tree(git, head, request), request.tree))
    comments = [event for event in item["events"] if event["type"] == "comment"]
    texts = [event["data"]["latest"]["raw"] for event in comments]
    html = iter(render_all(texts, repository.address, "main"))
    events = [
        {**event, "html": next(html)} if event["type"] == "comment" else event
        for event in item["events"]
    ]
    return repo_page(
        call,
        "discussion.html",
        head,
        "main",
        tab="community",
        item=item,
        events=events,
        parts=parts,
        max_lines=MAX_LINES,
    )


def collection(call: Call) -> Response:
    """Shows a collection with what the caller may see of it."""
    found = found_collection(call)
    return page(call, "collection.html", collection=found, items=shown_items(call, found))


def sign_in(call: Call) -> Response:
    """Makes the browser ask for a token, which it then sends along with every page."""
    return RedirectResponse("/", status_code=303)


def stylesheet(request: Request) -> Response:
    """Sends the one stylesheet."""
    return FileResponse(TEMPLATES / "hub.css", media_type="text/css")


ROUTES = [
    Route("/static/hub.css", stylesheet),
    api("GET", SIGN_IN, sign_in, Access.USER),
    api("GET", "/", front, Access.ANYONE),
    api("GET", "/collections/{namespace}/{slug}", collection, Access.ANYONE),
    api("GET", "/{user}", front, Access.ANYONE),
    *repo_addresses("GET", "", card, Access.READ),
    *repo_addresses("GET", "/tree/{rest:path}", folder, Access.READ),
    *repo_addresses("GET", "/blob/{rest:path}", file, Access.READ),
    *repo_addresses("GET", "/commits/{rest:path}", history, Access.READ),
    *repo_addresses("GET", "/commit/{rest:path}", commit, Access.READ),
    *repo_addresses("GET", "/discussions", discussions, Access.READ),
    *repo_addresses("GET", "/discussions/{number}", discussion, Access.READ),
]
