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

  forget(name) {
    this.kept.delete(name);
  }

  async #fetched(part) {
    const address = this.address(part);
    const stored = await this.cache?.match(address).catch(() => undefined);
    let bytes;
    if (stored) {
      bytes = new Uint8Array(await stored.arrayBuffer());
      this.#count(part, part.wire);
    } else {
      bytes = (await this.#pieced(part, address)) ?? (await this.#read(part, address));
      // A full disk must not keep anybody from tagging.
      await this.cache?.put(address, new Response(bytes)).catch(() => {});
    }
    return part.gzip ? unpacked(bytes) : bytes;
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
      return undefined; // a server without ranges
    }
    bytes.set((await this.get(from)).subarray(offset, offset + size), at);
    return bytes;
  }

  async #read(part, address, into, begin, end) {
    const headers = into ? { Range: `bytes=${begin}-${end - 1}` } : {};
    const response = await fetch(address, { headers, cache: "no-store" });
    if (!response.ok || (into && response.status !== 206))
      throw new Error(`${part.label}: the server answered ${response.status}`);
    const bytes = into ? into.subarray(begin, end) : new Uint8Array(part.size);
    let at = 0;
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > bytes.length) throw new Error(`${part.label}: more than was published`);
      bytes.set(value, at);
      at += value.length;
      this.#count(part, value.length);
    }
    if (at !== bytes.length) throw new Error(`${part.label}: the line broke`);
    return bytes;
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
