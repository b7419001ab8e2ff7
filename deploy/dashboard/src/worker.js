// Keeps the page itself, so that it opens without a network. What the daemon says is never kept here: the page keeps the last state.
const NAME = "parking-__VERSION__";
const KEPT = ["__KEPT__"];
/** Asked of the daemon, always. */
const LIVE = /^\/(api|images|ws|health)(\/|$)/;

self.addEventListener("install", (event) => {
  // Where the browser can, it goes to what is kept, or to the daemon, by itself: it would start this first otherwise, before it shows anything.
  if (event.addRoutes) event.waitUntil(event.addRoutes(routes()).catch(() => undefined));
  // All of a build or nothing: parts of two builds do not fit together.
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEPT.map((path) => new Request(path, { cache: "no-cache" })))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const others = (await caches.keys()).filter((name) => name.startsWith("parking-") && name !== NAME);
      await Promise.all(others.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", (event) => {
  if (event.data === "take-over") void self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || LIVE.test(url.pathname)) return;
  const path = request.mode === "navigate" ? "/" : url.pathname;
  event.respondWith(
    caches
      .open(NAME)
      .then((cache) => cache.match(path))
      .then((kept) => kept ?? fetch(request)),
  );
});

function routes() {
  const rule = (pathname, search, condition, source) => ({ condition: { urlPattern: new URLPattern({ pathname, search, baseURL: self.location.origin }), ...condition }, source });
  const kept = { cacheName: NAME };
  return [
    ...["/api/*", "/images/*", "/health/*"].map((path) => rule(path, "*", {}, "network")),
    ...KEPT.filter((path) => path !== "/").map((path) => rule(path, "*", {}, kept)),
    rule("/", "", { requestMode: "navigate" }, kept),
  ];
}
