/*
 * Which pages this tablet keeps: the chart of a visit and its small forms, from when the chart was opened until the
 * patient has left, the person signs out, or twelve hours are over. The addresses stand in [data-kept].
 */
import "./offline_store.js";

const store = globalThis.evenkeelStore;
const OFFLINE_PAGE = "/visits/offline/";
const OWNER = "evenkeel-kept-by";
const NAME_HEADER = "X-Evenkeel-Name";
const AGAIN_AFTER_MS = 15000;
const EVERY_MS = 5 * 60000;

export const canKeep = () => Boolean(navigator.serviceWorker && window.caches && window.indexedDB);
export const isKeptCopy = () => document.documentElement.dataset.keptAt !== undefined;

let planned = null;

/* A page as it is kept: it says of itself that it is a copy, and since when. */
async function keepPage(cache, address) {
  const answer = await fetch(address, {
    credentials: "same-origin", headers: { "X-Evenkeel-Fragment": "1" }, redirect: "error",
  });
  if (!answer.ok) {
    await cache.delete(address);
    return "";
  }
  const html = await answer.text();
  const at = new Date().toISOString();
  const page = new DOMParser().parseFromString(html, "text/html");
  const headers = new Headers(answer.headers);
  headers.set(store.KEPT_HEADER, at);
  headers.set(NAME_HEADER, encodeURIComponent(page.querySelector(".ek-banner__name")?.textContent.trim() || ""));
  await cache.put(address, new Response(html.replace("<html ", `<html data-kept-at="${at}" `), { headers }));
  return html;
}

/* The style sheets, scripts and fonts that this page was made with; the small forms use no others. */
async function keepFiles() {
  const cache = await caches.open(store.STATIC);
  const loaded = performance.getEntriesByType("resource").map((each) => new URL(each.name));
  for (const address of loaded) {
    if (address.origin !== location.origin || !address.pathname.startsWith("/static/")) continue;
    if (await cache.match(address.pathname)) continue;
    const answer = await fetch(address.pathname);
    if (answer.ok) await cache.put(address.pathname, answer);
  }
}

async function keepHere() {
  const place = document.querySelector("[data-kept]");
  if (!place || isKeptCopy()) return;
  const addresses = place.dataset.kept.split(/\s+/).filter(Boolean);
  if (!addresses.length) return void (await store.wipeVisit(location.pathname.split("/")[2]));
  try {
    localStorage.setItem(OWNER, document.body.dataset.person);
    await keepFiles();
    const cache = await caches.open(store.KEPT);
    for (const address of [...addresses, OFFLINE_PAGE]) await keepPage(cache, address);
    document.body.dataset.keptHere = "yes";
  } catch {
    // Without the server nothing is kept anew; what was kept before stays.
  }
}

/* The other charts that this person opened on the tablet: kept up to date, and gone once their patient has left. */
async function keepOthers() {
  if (isKeptCopy()) return;
  try {
    const cache = await caches.open(store.KEPT);
    for (const { address, at } of await keptCharts()) {
      if (address === location.pathname || Date.now() - at < EVERY_MS) continue;
      const html = await keepPage(cache, address);
      if (!html || html.includes('data-kept=""')) await store.wipeVisit(address.split("/")[2]);
    }
  } catch {
    // As above.
  }
}

export async function keptCharts() {
  const cache = await caches.open(store.KEPT);
  const found = [];
  for (const request of await cache.keys()) {
    const address = new URL(request.url).pathname;
    if (!/^\/visits\/[^/]+\/chart\/$/.test(address)) continue;
    const { headers } = await cache.match(request);
    const name = decodeURIComponent(headers.get(NAME_HEADER) || "");
    found.push({ address, name, at: Date.parse(headers.get(store.KEPT_HEADER)) });
  }
  return found;
}

/* What is kept belongs to one person, and is gone when nobody or somebody else is signed in. */
async function wipeOfOthers() {
  const { person } = document.body.dataset;
  const isSignIn = document.querySelector("form input[name=login]") !== null;
  if (person ? localStorage.getItem(OWNER) !== person : isSignIn) await store.wipe();
  else await store.wipeOld();
}

export async function wipeAll() {
  await store.wipe();
  localStorage.removeItem(OWNER);
}

export function keepSoon() {
  clearTimeout(planned);
  planned = setTimeout(keepHere, AGAIN_AFTER_MS);
}

/* A worker that begins throws away what was kept for the one before it, so nothing is kept until it has begun. */
async function begun(registration) {
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  while (!["activated", "redundant"].includes(worker.state)) {
    await new Promise((changed) => worker.addEventListener("statechange", changed, { once: true }));
  }
}

export async function startKeeping() {
  await wipeOfOthers();
  if (document.querySelector("[data-kept]")) {
    await begun(await navigator.serviceWorker.register("/visits/worker.js"));
    navigator.serviceWorker.addEventListener("controllerchange", keepHere);
    await keepHere();
    document.addEventListener("evenkeel:refresh", (event) => event.detail.type === "visit" && keepSoon());
    setInterval(keepHere, EVERY_MS);
  }
  if (document.body.dataset.person) {
    await keepOthers();
    setInterval(keepOthers, EVERY_MS);
  }
}
