// Corrections without a server: a pull request by whoever signs in; a file or a discussion else.
import { SignIn, base64, base64url } from "./sign-in.mjs";

const MAX_ADDRESS = 6000; // characters of a discussion's address: servers cut or refuse longer ones
const CARRIED = "#correct=";
const carried = carriedDraft(); // at once: an address is anybody's to read

// `section`: an empty element. `current()`: { title, text, suggested, tags } of what the page shows,
// or null; `suggested` as the Worker gave them, `tags` as names. `site`: site.json. The document
// gets an event "tags" when any of that changes.
export function startCorrections({ section, current, site }) {
  section.hidden = true;
  if (site.suggestions) new Corrections(section, current, site);
}

class Corrections {
  #ids = new Map(); // of what was ever to be sent: sent again it is the same suggestion
  #sent = new Map(); // id to the pull request's address
  #sending = false;

  constructor(section, current, site) {
    Object.assign(this, { section, current, site, ...site.suggestions });
    this.page = `${this.hub}/datasets/${this.repo}`;
    this.#build();
    if (SignIn.offered && !framed()) this.signIn = new SignIn(this.hub, (said) => this.#show(said));
    document.addEventListener("tags", () => this.#show(""));
    this.#show("");
  }

  #build() {
    this.what = element("p", { className: "correct-what" });
    this.consent = element("input", { type: "checkbox" });
    const dataset = element("a", { href: this.page, target: "_blank", textContent: this.repo });
    const label = element("label", { className: "correct-consent" });
    label.append(
      this.consent,
      " Everybody may read the title, the text, the tags and my account's name in ",
      dataset,
      ", and use them under its licence. The text is mine to publish.",
    );
    this.link = element("a", { className: "button correct-sign-in", target: "_blank" });
    this.send = element("button", { type: "button", className: "correct-send" });
    this.send.onclick = () => this.#send();
    this.state = element("p", { className: "correct-state" });
    this.state.setAttribute("role", "status");
    const actions = element("p", { className: "correct-actions" });
    actions.append(this.link, this.send);
    this.section.replaceChildren(
      element("h2", { textContent: "Fixed these tags? Send them" }),
      this.what,
      label,
      actions,
      this.state,
      this.#others(),
    );
  }

  #others() {
    const details = element("details", { className: "correct-others" });
    const file = element("button", { type: "button", textContent: "Save as a file" });
    file.onclick = () => this.#save();
    const properties = { className: "button", target: "_blank", textContent: "Open a discussion" };
    this.discussion = element("a", properties);
    const actions = element("p", { className: "correct-actions" });
    actions.append(file, this.discussion);
    const corrections = this.repo.replace(/-suggestions$/, "-corrections");
    details.append(
      element("summary", { textContent: "Without signing in" }),
      actions,
      element("p", {
        textContent:
          "Send the file to the owner of this page, who puts it as it is into the folder data of " +
          `the dataset ${corrections}. A discussion is filled in for you, as far as the text ` +
          "fits; it is public, and the Hub asks you for an account.",
      }),
    );
    return details;
  }

  // Shows what there is to send now; `said` replaces the last sentence unless it is undefined.
  #show(said) {
    const draft = (this.draft = this.current() ?? carried);
    this.section.hidden = !draft;
    if (!draft) return;
    const row = this.#row();
    this.what.textContent = summary(row);
    const article = JSON.stringify([row.title, row.text]);
    if (article !== this.article) this.consent.checked = false; // what was agreed to is another text
    this.article = article;
    const user = this.signIn?.user;
    this.link.hidden = Boolean(user) || !SignIn.offered;
    this.link.textContent = "Sign in with Hugging Face";
    // In a frame on another site's page no tab could answer: the page goes on in its own.
    const href = framed() ? `./${CARRIED}${carry(draft)}` : this.signIn?.href;
    if (href) this.link.href = href;
    this.send.hidden = !user;
    this.send.textContent = `Send as ${user}`;
    this.send.disabled = this.#sending || this.#sent.has(row.id);
    this.discussion.href = discussionAddress(this.page, row);
    if (this.#sent.has(row.id)) this.#saySent(this.#sent.get(row.id));
    else if (said !== undefined) this.state.textContent = said;
  }

  // The row as the corrections dataset has it (tagloop/corrections/record.py).
  #row() {
    const { title, text, suggested, tags } = this.draft;
    const predicted = suggested.map((one) =>
      typeof one === "string"
        ? { tag: clean(one), confidence: 1 }
        : { tag: clean(one.tag), confidence: one.confidence },
    );
    const corrected = tags.map(clean);
    const same = JSON.stringify(corrected) === JSON.stringify(predicted.map(({ tag }) => tag));
    const said = { title: clean(title), text: clean(text), predicted, corrected };
    const key = JSON.stringify(said);
    if (!this.#ids.has(key)) this.#ids.set(key, crypto.randomUUID());
    return {
      id: this.#ids.get(key),
      created_at: new Date().toISOString(),
      model_repo: this.site.model.repo,
      model_revision: this.site.model.revision,
      ...said,
      verdict: same ? "good" : "fixed",
      note: "",
      user: null, // who sends it is who opens the pull request
      visitor: null,
      schema: 2,
    };
  }

  async #send() {
    const row = this.#row();
    const missing = fault(row, this.site.limits) ?? this.#unagreed();
    if (missing) return this.#show(missing);
    this.#sending = true;
    this.#show("Sending");
    let said = "";
    try {
      this.#sent.set(row.id, await openRequest(this.hub, this.repo, this.signIn.token, row));
    } catch (error) {
      if (error.status === 401) this.signIn.forget();
      said = `${error.message} Nothing is lost: your correction is still here, to be sent again.`;
    }
    this.#sending = false;
    this.#show(said);
    if (!said) this.#saySent(this.#sent.get(row.id)); // even if the page shows another by now
  }

  #unagreed() {
    if (this.consent.checked) return null;
    this.consent.focus();
    return "A correction is public: tick the box first if that is right.";
  }

  #saySent(address) {
    const link = element("a", { href: address, target: "_blank", textContent: "your pull request" });
    this.state.replaceChildren("Sent, thank you: ", link, ". Its page is where to take it back.");
  }

  #save() {
    const row = this.#row();
    const missing = fault(row, this.site.limits);
    if (missing) return this.#show(missing);
    const file = new Blob([`${JSON.stringify(row)}\n`], { type: "application/jsonl" });
    const href = URL.createObjectURL(file);
    element("a", { href, download: `correction-${row.id}.jsonl` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
    this.#show("Saved.");
  }
}

// Returns the sentence why a row cannot be sent; null if it can.
function fault({ title, text, corrected }, limits) {
  const count = (part) => Array.from(part).length;
  const tooLong = (what, number, limit) =>
    `The ${what} has ${number.toLocaleString("en")} characters; a correction may have ${limit.toLocaleString("en")}.`;
  if (!text.trim()) return "There is no text to send.";
  if (!corrected.length) return "No tags are left: add the right ones.";
  if (corrected.length > limits.tags) return `A correction may have ${limits.tags} tags.`;
  if (count(title) > limits.title) return tooLong("title", count(title), limits.title);
  if (count(text) > limits.text) return tooLong("text", count(text), limits.text);
  const long = corrected.find((tag) => count(tag) > limits.tag);
  return long ? tooLong(`tag ${cut(long, 20)}`, count(long), limits.tag) : null;
}

// Opens a pull request that adds one file; returns its address.
async function openRequest(hub, repo, token, row) {
  const content = base64(new TextEncoder().encode(`${JSON.stringify(row)}\n`));
  const file = { path: `data/${row.id}.jsonl`, encoding: "base64", content };
  const summary = `Tags of “${cut(row.title || row.text, 60)}”`;
  const description = "A correction, sent from the page; its sender agreed that it is public.";
  const lines = [
    { key: "header", value: { summary, description } },
    { key: "file", value: file },
  ];
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/x-ndjson" };
  const body = lines.map((line) => JSON.stringify(line)).join("\n");
  const address = `${hub}/api/datasets/${repo}/commit/main?create_pr=1`;
  const response = await fetch(address, { method: "POST", headers, body }).catch(() => {
    throw new Error("The Hub cannot be reached.");
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return pageOf(answer.pullRequestUrl, hub) ?? `${hub}/datasets/${repo}/discussions`;
  const ended = response.status === 401;
  const reason = ended
    ? "The sign-in has ended: sign in again."
    : `The Hub refuses it (${response.status}${answer.error ? `: ${cut(answer.error, 200)}` : ""}).`;
  throw Object.assign(new Error(reason), { status: response.status });
}

// Returns an address if it is the Hub's own.
function pageOf(address, hub) {
  return URL.canParse?.(address) && new URL(address).origin === new URL(hub).origin ? address : null;
}

function summary({ title, text, predicted, corrected }) {
  const before = predicted.map(({ tag }) => tag);
  const changes = [
    ...corrected.filter((tag) => !before.includes(tag)).map((tag) => `+ ${tag}`),
    ...before.filter((tag) => !corrected.includes(tag)).map((tag) => `- ${tag}`),
  ];
  return `“${cut(title || text, 80)}”: ${changes.join(", ") || "the tags are right as they are"}`;
}

function discussionAddress(page, row) {
  const names = (tags) => cut(tags.join(", "), 300) || "none";
  const title = `Tags of “${cut(row.title || row.text, 60)}”`;
  const head = `Suggested: ${names(row.predicted.map(({ tag }) => tag))}\nRight: ${names(row.corrected)}`;
  let most = MAX_ADDRESS;
  for (;;) {
    const description = `${head}\n\n${cut(row.title, 100)}\n\n${cut(row.text, most)}`;
    const address = `${page}/discussions/new?${new URLSearchParams({ title, description })}`;
    if (address.length <= MAX_ADDRESS || most < 100) return address;
    most = Math.floor(most / 2);
  }
}

// The draft in an address's fragment, which no server sees: from a frame into a tab of its own.
const carry = (draft) => base64url(new TextEncoder().encode(JSON.stringify(draft)));

function carriedDraft() {
  if (!location.hash.startsWith(CARRIED)) return null;
  const text = location.hash.slice(CARRIED.length).replaceAll("-", "+").replaceAll("_", "/");
  history.replaceState(null, "", location.pathname + location.search);
  try {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const draft = JSON.parse(new TextDecoder().decode(bytes));
    const { title, text: body, suggested, tags } = draft;
    const sound =
      [title, body, ...tags].every((part) => typeof part === "string") &&
      suggested.every((one) => typeof one === "string" || typeof one.tag === "string");
    return sound ? draft : null;
  } catch {
    return null; // no draft of ours
  }
}

const framed = () => self.top !== self.self;
const element = (name, properties) => Object.assign(document.createElement(name), properties);
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
// Half a surrogate pair is no character, and no file can hold it.
const clean = (text) => decoder.decode(new TextEncoder().encode(text));

function cut(text, most) {
  const characters = Array.from(text);
  return characters.length > most ? `${characters.slice(0, most).join("")}…` : text;
}
