// How far the tagger is: what is being fetched, in MB of all; then one sentence.

const bar = document.querySelector("#loading .tl-track");
const state = document.getElementById("state");
const amount = document.querySelector("#loading small");
const megabytes = (bytes) => Math.round(bytes / 1e6);

// Only another part is said aloud, not each megabyte.
export function progress({ part, loaded, total }) {
  const here = `${megabytes(loaded)} of ${megabytes(total)} MB`;
  say(loaded < total ? `Loading the tagger: ${part}` : "Starting the tagger");
  amount.textContent = `${here}. Kept in this browser: the next visit needs no network.`;
  bar.firstElementChild.style.width = `${(100 * loaded) / total}%`;
  bar.setAttribute("aria-valuemax", megabytes(total));
  bar.setAttribute("aria-valuenow", megabytes(loaded));
  bar.setAttribute("aria-valuetext", here);
}

// The end of it, good or bad.
export function loaded(sentence) {
  bar.hidden = true;
  amount.textContent = "";
  say(sentence);
}

function say(sentence) {
  if (state.textContent !== sentence) state.textContent = sentence;
}
