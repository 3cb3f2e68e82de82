// Signing in with Hugging Face: OpenID's code flow with PKCE. The person is asked in a tab of its
// own, which sends the code back here (signed-in.html). Verifier and token are in memory alone.

const CHANNEL = "tagloop-sign-in";

export const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
export const base64url = (bytes) =>
  base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

export class SignIn {
  user = null;
  token = null;
  href = null;
  #hub;
  #changed;
  #verifier;
  #state;

  // `changed` is called when `href` or `user` did, with a sentence where something went wrong.
  constructor(hub, changed) {
    this.#hub = hub;
    this.#changed = changed;
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = async ({ data }) => {
      if (!this.#state || data.state !== this.#state) return; // another page's
      channel.postMessage({ taken: data.state });
      await this.#answered(data);
    };
    this.#ask();
  }

  // Whether this Space lets people sign in.
  static get offered() {
    return Boolean(variables().OAUTH_CLIENT_ID && self.crypto?.subtle && self.BroadcastChannel);
  }

  forget() {
    this.user = this.token = null;
  }

  async #answered({ code, error, error_description: description }) {
    let said;
    try {
      if (error) throw new Error(description || error);
      const answer = await this.#redeem(code);
      const headers = { Authorization: `Bearer ${answer.access_token}` };
      const about = await json(await fetch(`${this.#hub}/oauth/userinfo`, { headers }));
      this.token = answer.access_token;
      this.user = about.preferred_username;
      said = `Signed in as ${this.user}.`;
    } catch (problem) {
      said = `Not signed in: ${problem.message}`;
    }
    await this.#ask(); // a code is good once
    this.#changed(said);
  }

  async #redeem(code) {
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      client_id: variables().OAUTH_CLIENT_ID,
      redirect_uri: returnAddress(),
      code,
      code_verifier: this.#verifier,
    });
    return json(await fetch(`${this.#hub}/oauth/token`, { method: "POST", body }));
  }

  // The address must be ready before the link is pressed: a browser blocks a tab that comes late.
  async #ask() {
    this.#verifier = random();
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(this.#verifier));
    this.#state = random();
    const query = new URLSearchParams({
      client_id: variables().OAUTH_CLIENT_ID,
      scope: variables().OAUTH_SCOPES ?? "openid profile write-discussions",
      response_type: "code",
      redirect_uri: returnAddress(),
      state: this.#state,
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
    });
    this.href = `${this.#hub}/oauth/authorize?${query}`;
    this.#changed();
  }
}

const variables = () => self.huggingface?.variables ?? {};
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const returnAddress = () => new URL("./signed-in.html", location.href).href;

async function json(response) {
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new Error(answer.error_description || answer.error || `the Hub answered ${response.status}`);
}
