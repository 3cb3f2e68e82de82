// A place for a file: to drop it on, or to choose it with the button, which the keyboard reaches.

export function fileDrop(place, opened) {
  const input = place.querySelector("input");
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (file) opened(file);
    input.value = ""; // the same file again is a change again
  });
  for (const kind of ["dragenter", "dragover"])
    place.addEventListener(kind, () => place.classList.add("over"));
  for (const kind of ["dragleave", "drop"])
    place.addEventListener(kind, () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => take(event, opened));
}

// A file that misses its place must not replace the page: it is taken by what is given here.
export function pageDrop(opened) {
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => take(event, opened));
}

function take(event, opened) {
  const [file] = event.dataTransfer.files;
  if (!file) return;
  event.preventDefault();
  event.stopPropagation();
  opened(file);
}
