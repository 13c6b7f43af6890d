/*
 * The service worker of the pages of visits (scope /visits/). With a network it stays out of the way: every page and
 * every form goes to the server, and the server's answer is what is shown. Without one it shows the pages that the
 * tablet kept, and puts what is sent from a form with data-queue into the queue.
 *
 * VERSION stands on the first line, put there by the server: new static files make a new worker.
 */
/* global VERSION */
importScripts("/static/evenkeel/offline_store.js");

const store = globalThis.evenkeelStore;
const OFFLINE_PAGE = "/visits/offline/";
const SENT_AT_HEADER = "X-Evenkeel-Sent-At";
// How long a page or a form may take before the tablet goes on without the server; less, right after it failed.
// Proposals. A form that arrives all the same is known by its key when it comes again.
const WAIT_MS = 8000;
const WAIT_AGAIN_MS = 2500;
const FAILED_FOR_MS = 30000;
// What a proxy says when the server behind it does not answer.
const UNREACHED = [502, 503, 504];

let failedAt = -Infinity;

self.addEventListener("install", (event) => event.waitUntil(self.skipWaiting()));

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

/* Files of another version do not fit the pages of this one; pages are kept anew as they are opened. */
async function takeOver() {
  const mark = await caches.open(store.STATIC);
  const held = await (await mark.match("/static/version"))?.text();
  if (held !== VERSION) {
    await caches.delete(store.STATIC);
    await store.wipe();
    await (await caches.open(store.STATIC)).put("/static/version", new Response(VERSION));
  }
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== self.location.origin) return;
  if (request.method === "POST") {
    const isOurs = address.pathname.startsWith("/visits/") && !request.headers.has(SENT_AT_HEADER);
    if (isOurs) event.respondWith(form(request));
  } else if (request.method === "GET" && request.mode === "navigate") {
    event.respondWith(page(request));
  } else if (request.method === "GET" && address.pathname.startsWith("/static/")) {
    event.respondWith(file(request));
  }
});

function hasJustFailed() {
  return Date.now() - failedAt < FAILED_FOR_MS;
}

/* The server's answer, or an error when there is none in time. */
async function reached(request) {
  const wait = hasJustFailed() ? WAIT_AGAIN_MS : WAIT_MS;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), wait);
  });
  try {
    const answer = await Promise.race([fetch(request), late]);
    if (UNREACHED.includes(answer.status)) throw new Error("the server is not reached");
    failedAt = -Infinity;
    return answer;
  } catch (error) {
    failedAt = Date.now();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function kept(pathname) {
  const answer = await (await caches.open(store.KEPT)).match(pathname);
  return answer && !store.isTooOld(answer) ? answer : undefined;
}

async function page(request) {
  try {
    return await reached(request);
  } catch {
    const { pathname } = new URL(request.url);
    return (await kept(pathname)) || (await kept(OFFLINE_PAGE)) || Response.error();
  }
}

async function file(request) {
  const files = await caches.open(store.STATIC);
  const held = await files.match(request, { ignoreVary: true });
  // The scripts of a kept page must not each wait for the server: until they have run, its forms do not wait either.
  if (held && hasJustFailed()) return held;
  try {
    const answer = await reached(request);
    if (answer.status === 200) await files.put(request, answer.clone());
    return answer;
  } catch {
    return held || Response.error();
  }
}

// Forms.

async function form(request) {
  const copy = request.clone();
  const entry = await entryOf(copy);
  if (entry === null) return fetch(request);
  // What was entered before goes first, so this one waits behind it.
  if (await isBehind(entry)) return queued(request, entry);
  try {
    const answer = await reached(request);
    // A form is answered with another page once it is in the record. It may be one that was refused from the queue
    // and was put right; until here it stayed there.
    const isSaved = answer.type === "opaqueredirect" || (answer.ok && answer.redirected);
    if (isSaved) await store.removeKey(entry.key);
    return answer;
  } catch {
    return queued(request, entry);
  }
}

/* The entry that a form makes, or null for a form that does not wait. */
async function entryOf(request) {
  const fields = [...(await request.formData()).entries()].filter(([, value]) => typeof value === "string");
  const value = (name) => fields.find(([each]) => each === name)?.[1];
  if (!value("entered") || !value("idempotency_key") || value("open_again")) return null;
  const { pathname } = new URL(request.url);
  return {
    key: value("idempotency_key"),
    visit: pathname.split("/")[2],
    url: pathname,
    fields: fields.filter(([name]) => name !== "csrfmiddlewaretoken"),
    entered: JSON.parse(value("entered")),
    state: "waiting",
    problems: [],
  };
}

async function isBehind(entry) {
  const held = await store.all();
  if (held.some((each) => each.key === entry.key && each.state === "refused")) return false;
  const waiting = held.filter((each) => each.state === "waiting" && each.key !== entry.key);
  return waiting.some((each) => each.visit === entry.visit && each.entered.by === entry.entered.by);
}

async function queued(request, entry) {
  await store.add(entry);
  if (request.mode === "navigate") return Response.redirect(`/visits/${entry.visit}/chart/`, 303);
  return new Response(JSON.stringify({ queued: true }), { status: 202, headers: { "Content-Type": "application/json" } });
}
