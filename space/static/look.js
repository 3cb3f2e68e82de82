// The Gradio Space's style sheets know a class, browsers a preference. Runs before the page is drawn.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark", dark.matches);
follow();
dark.addEventListener("change", follow);
