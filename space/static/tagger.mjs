// What the page uses: a tagger that answers, loads while the page lives, and says what it needs.

// Returns a sentence if this browser cannot run the tagger, else nothing.
export function unable() {
  const missing = [
    [typeof Worker === "function" && typeof WebAssembly === "object", "WebAssembly"],
    [typeof DecompressionStream === "function", "DecompressionStream"],
    [hasVectors(), "WebAssembly SIMD"],
    [hasSharedMemory(), "WebAssembly threads"],
  ].filter(([there]) => !there);
  if (!missing.length) return undefined;
  const names = missing.map(([, name]) => name).join(", ");
  return `This browser is too old to run the tagger (it has no ${names}): below are stored answers.`;
}

function hasVectors() {
  // A function that returns a vector.
  const code = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  try {
    return WebAssembly.validate(new Uint8Array(code));
  } catch {
    return false;
  }
}

function hasSharedMemory() {
  try {
    return Boolean(new WebAssembly.Memory({ initial: 0, maximum: 1, shared: true }));
  } catch {
    return false;
  }
}

export class Tagger {
  // told: called with every progress message of the worker.
  constructor(told = () => {}) {
    this.waiting = new Map();
    this.count = 0;
    this.worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });
    this.ready = new Promise((resolve, reject) => {
      this.worker.onerror = (event) =>
        reject(new Error(`The tagger could not be started here (${event.message || "its worker did not load"}).`));
      this.worker.onmessage = ({ data }) => {
        if (data.type === "progress") told(data);
        else if (data.type === "ready") resolve(data.about);
        else if (data.type === "cannot") reject(new Error(data.reason));
        else this.#answered(data);
      };
    });
  }

  #answered(data) {
    const { resolve, reject } = this.waiting.get(data.id);
    this.waiting.delete(data.id);
    if (data.error) reject(new Error(data.error));
    else resolve(data);
  }

  // Asks the worker; see README.md for what may be asked.
  ask(request) {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...request, id });
    });
  }
}
