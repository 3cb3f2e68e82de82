// ONNX Runtime's WebAssembly, called directly: its own JavaScript answers with promises, and the
// tagger's Python cannot wait. What it exports and how it is called: onnxruntime-web's
// lib/wasm/wasm-core-impl.ts, of the version in vendor.lock. A tensor stays where it was computed
// until somebody reads it: what the decoder hands itself from step to step is never copied.

const FLOAT32 = 1;
const INT64 = 7;
const ALL_OPTIMIZATIONS = 99;
const ONLY_ERRORS = 3;
const POINTER = 4;

export class Runtime {
  static async start(factory, wasmBinary) {
    const wasm = await factory({ wasmBinary, numThreads: 1, locateFile: (name) => name });
    const runtime = new Runtime(wasm);
    runtime.check(wasm._OrtInit(1, ONLY_ERRORS), "start");
    return runtime;
  }

  constructor(wasm) {
    this.wasm = wasm;
    this.names = new Map();
  }

  check(code, what) {
    if (code === 0) return;
    const { wasm } = this;
    const stack = wasm.stackSave();
    const at = wasm.stackAlloc(2 * POINTER);
    wasm._OrtGetLastError(at, at + POINTER);
    const text = wasm.getValue(at + POINTER, "*");
    const message = text ? wasm.UTF8ToString(text) : `code ${code}`;
    wasm.stackRestore(stack);
    throw new Error(`ONNX Runtime: ${what}: ${message}`);
  }

  name(text) {
    if (!this.names.has(text)) {
      const size = this.wasm.lengthBytesUTF8(text) + 1;
      const at = this.wasm._malloc(size);
      this.wasm.stringToUTF8(text, at, size);
      this.names.set(text, at);
    }
    return this.names.get(text);
  }

  room(size) {
    const at = this.wasm._malloc(size);
    if (!at) throw new Error("ONNX Runtime: out of memory");
    return at;
  }

  // Makes a session of a graph that lies in the runtime's memory, and frees it there.
  session(at, size) {
    const { wasm } = this;
    const options = wasm._OrtCreateSessionOptions(
      ALL_OPTIMIZATIONS, false, false, 0, false, 0, 0, ONLY_ERRORS, 0, 0,
    );
    try {
      const handle = wasm._OrtCreateSession(at, size, options);
      this.check(handle ? 0 : 1, "session");
      return new Session(this, handle);
    } finally {
      wasm._OrtReleaseSessionOptions(options);
      wasm._free(at);
    }
  }

  // A tensor of bytes; kind is "float32" or "int64".
  tensor(kind, shape, bytes) {
    const { wasm } = this;
    const data = this.room(Math.max(bytes.length, 1));
    wasm.HEAPU8.set(bytes, data);
    const stack = wasm.stackSave();
    const dims = wasm.stackAlloc(POINTER * shape.length);
    shape.forEach((size, place) => wasm.setValue(dims + POINTER * place, size, "i32"));
    const type = kind === "int64" ? INT64 : FLOAT32;
    const handle = wasm._OrtCreateTensor(type, data, bytes.length, dims, shape.length, 1);
    wasm.stackRestore(stack);
    this.check(handle ? 0 : 1, "tensor");
    return new Tensor(this, handle, data);
  }
}

class Tensor {
  constructor(runtime, handle, data = 0) {
    Object.assign(this, { runtime, handle, data });
  }

  // Shape and numbers (float32), copied.
  read() {
    const { wasm } = this.runtime;
    const stack = wasm.stackSave();
    const at = wasm.stackAlloc(4 * POINTER);
    const places = [0, 1, 2, 3].map((place) => at + POINTER * place);
    this.runtime.check(wasm._OrtGetTensorData(this.handle, ...places), "read");
    const [type, data, dims, rank] = places.map((place) => wasm.getValue(place, "*"));
    wasm.stackRestore(stack);
    if (type !== FLOAT32) throw new Error(`ONNX Runtime: a tensor of type ${type}`);
    const shape = Array.from({ length: rank }, (_, i) => wasm.getValue(dims + POINTER * i, "i32"));
    wasm._OrtFree(dims);
    const size = shape.reduce((a, b) => a * b, 1);
    return { shape, numbers: new Float32Array(wasm.HEAPU8.buffer, data, size).slice() };
  }

  release() {
    if (this.handle) this.runtime.wasm._OrtReleaseTensor(this.handle);
    if (this.data) this.runtime.wasm._free(this.data);
    this.handle = this.data = 0;
  }
}

class Session {
  constructor(runtime, handle) {
    Object.assign(this, { runtime, handle });
  }

  // Computes outputs; inputs are names, tensors theirs in the same order.
  run(outputs, inputs, tensors) {
    const { runtime } = this;
    const { wasm } = runtime;
    const stack = wasm.stackSave();
    const list = (values) => {
      const at = wasm.stackAlloc(POINTER * values.length);
      values.forEach((value, place) => wasm.setValue(at + POINTER * place, value, "*"));
      return at;
    };
    try {
      const found = list(outputs.map(() => 0));
      const code = wasm._OrtRun(
        this.handle,
        list(inputs.map((name) => runtime.name(name))),
        list(tensors.map((tensor) => tensor.handle)),
        inputs.length,
        list(outputs.map((name) => runtime.name(name))),
        outputs.length,
        found,
        0,
      );
      runtime.check(code, "run");
      return outputs.map(
        (_, place) => new Tensor(runtime, wasm.getValue(found + POINTER * place, "*")),
      );
    } finally {
      wasm.stackRestore(stack);
    }
  }
}
