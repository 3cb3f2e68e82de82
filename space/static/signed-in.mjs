// Gives the tab that asked what the Hub answered, and keeps nothing of it, in the address neither.
const answer = Object.fromEntries(new URLSearchParams(location.search));
history.replaceState(null, "", location.pathname);

const state = document.getElementById("state");
const channel = new BroadcastChannel("tagloop-sign-in");
const late = setTimeout(() => {
  state.textContent = "The tab that asked for this is gone: open the page and sign in there.";
}, 3000);
channel.onmessage = ({ data }) => {
  if (data.taken !== answer.state) return;
  clearTimeout(late);
  state.textContent = "Done: go back to the tab with your correction, and close this one.";
};
channel.postMessage(answer);
