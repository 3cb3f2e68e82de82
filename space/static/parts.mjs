// What the tagger is made of: fetched once, counted while it comes, kept for the next visit.

const CACHE = "tagloop";

export class Parts {
  // site: the content of site.json. told: called with (part, loaded, total), in bytes.
  constructor(site, told) {
    Object.assign(this, { site, told, loaded: 0 });
    this.total = site.parts.reduce((sum, part) => sum + part.wire, 0);
    this.names = new Map(site.parts.map((part) => [part.name, part]));
    this.kept = new Map();
  }

  async open() {
    // Where a page may store nothing (some private windows), it still tags.
    this.cache = await self.caches?.open(CACHE).catch(() => undefined);
    // What an earlier version kept is of no use any more.
    const wanted = new Set(this.site.parts.map((part) => this.address(part)));
    wanted.add(this.#memoryAddress());
    for (const request of (await this.cache?.keys().catch(() => [])) ?? [])
      if (!wanted.has(request.url)) await this.cache.delete(request);
  }

  address(part) {
    const base = part.model ? this.site.model.base : new URL(".", self.location.href).href;
    // The content is in the address: a new version is never taken for what was kept.
    return `${new URL(part.url, base).href}?sha256=${part.sha256.slice(0, 16)}`;
  }

  // The bytes of a part, unpacked.
  get(name) {
    if (!this.kept.has(name)) this.kept.set(name, this.#fetched(this.names.get(name)));
    return this.kept.get(name);
  }

  // Gives a part's memory back, now and not when somebody cleans up.
  async free(name) {
    const bytes = await this.kept.get(name);
    this.kept.delete(name);
    bytes?.buffer.transfer?.(0);
  }

  // A copy of Python's memory, from the first visit with these very parts.
  memory() {
    return this.#stored(this.#memoryAddress());
  }

  // Keeps it for the next visit; without any, the one that is kept goes.
  async keepMemory(bytes) {
    const address = this.#memoryAddress();
    if (bytes) await this.cache?.put(address, new Response(bytes)).catch(() => {});
    else await this.cache?.delete(address).catch(() => {});
  }

  #memoryAddress() {
    const digests = ["pyodide", "python", "tagloop"].map((name) => this.names.get(name).sha256);
    const sha256 = digests.map((digest) => digest.slice(0, 16)).join("-");
    return new URL(`memory?sha256=${sha256}`, self.location.href).href;
  }

  async #fetched(part) {
    const address = this.address(part);
    let bytes = await this.#stored(address);
    if (bytes) this.#count(part, part.wire);
    else if (part.same) bytes = await this.#pieced(part, address);
    bytes ??= (await this.#streamed(part, address)) ?? (await this.#read(part, address));
    if (bytes.length !== part.size) throw new Error(`${part.label}: the line broke`);
    return part.gzip ? unpacked(bytes) : bytes;
  }

  async #stored(address) {
    const stored = await this.cache?.match(address).catch(() => undefined);
    return stored && new Uint8Array(await stored.arrayBuffer());
  }

  // Lets a part flow past to the disk, then reads it: half the memory. Nothing if the disk is full.
  async #streamed(part, address) {
    if (!this.cache) return undefined;
    const before = this.loaded;
    const passing = new TransformStream({
      transform: (chunk, out) => {
        this.#count(part, chunk.length);
        out.enqueue(chunk);
      },
    });
    const response = await this.#asked(part, address, {});
    try {
      await this.cache.put(address, new Response(response.body.pipeThrough(passing)));
      const bytes = await this.#stored(address);
      if (bytes?.length === part.size) return bytes;
    } catch {
      // Told by what comes next.
    }
    await this.cache.delete(address).catch(() => {});
    this.loaded = before;
    return undefined;
  }

  // A part that has the same bytes as another somewhere: only the rest is fetched.
  async #pieced(part, address) {
    if (!part.same) return undefined;
    const { from, offset, at, size } = part.same;
    const bytes = new Uint8Array(part.size);
    try {
      await this.#read(part, address, bytes, 0, at);
      await this.#read(part, address, bytes, at + size, part.size);
    } catch {
      return undefined; // a server without ranges: all of it is read
    }
    bytes.set((await this.get(from)).subarray(offset, offset + size), at);
    await this.cache?.put(address, new Response(bytes)).catch(() => {});
    return bytes;
  }

  async #read(part, address, into, begin, end) {
    const headers = into ? { Range: `bytes=${begin}-${end - 1}` } : {};
    const response = await this.#asked(part, address, headers);
    const bytes = into ? into.subarray(begin, end) : new Uint8Array(part.size);
    let at = 0;
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > bytes.length) break;
      bytes.set(value, at);
      at += value.length;
      this.#count(part, value.length);
    }
    if (at !== bytes.length) throw new Error(`${part.label}: the line broke`);
    return bytes;
  }

  async #asked(part, address, headers) {
    const response = await fetch(address, { headers, cache: "no-store" });
    if (response.status !== (headers.Range ? 206 : 200))
      throw new Error(`${part.label}: the server answered ${response.status}`);
    return response;
  }

  #count(part, bytes) {
    this.loaded = Math.min(this.loaded + bytes, this.total);
    this.told(part.label, this.loaded, this.total);
  }
}

async function unpacked(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
