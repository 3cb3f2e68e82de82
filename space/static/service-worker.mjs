// Lets the page be opened offline: its own small files, the newest that there is. What is large,
// the worker keeps by itself (parts.mjs).

const CACHE = "tagloop-page";

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keepPage());
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const own = request.url.startsWith(self.registration.scope) && !request.url.includes("sha256=");
  // An address that people return to from signing in is a secret.
  const secret = request.url.includes("/signed-in.html?");
  if (request.method === "GET" && own && !secret) event.respondWith(newest(request));
});

async function newest(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const stored = await cache.match(request, { ignoreSearch: true });
    if (stored) return stored;
    throw error;
  }
}

// The first visit's files came before this worker did.
async function keepPage() {
  const { page } = await (await fetch("./site.json")).json();
  await (await caches.open(CACHE)).addAll(page);
}
