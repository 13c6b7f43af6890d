/*
 * Pages that follow the clinic without a reload.
 *
 * One event stream per visible page (browsers allow six connections to a host over HTTP/1.1, so a hidden page gives its
 * stream back). Its address is body data-live-url. Events name what changed and never say what it says; JSON data:
 *   visit    {visit, seq}   something was written in a visit's record
 *   samples  {visit}        a monitor sent values
 *   board    {}             a tile changed
 *   ping     {at}           when nothing else was sent for 10 s, so that silence can be told from quiet
 *
 * [data-live-fragment="/url/"] is fetched again when an event concerns it. data-live-visit="id" on it or around it: that
 * visit's `visit` and `samples` alone. Without one: `board`. data-live-on="visit board" says otherwise, and
 * data-live-every="30" fetches every so many seconds as well. The answer is the inside of the element. A fragment that
 * somebody is typing in waits until the focus has left.
 *
 * document gets `evenkeel:refresh` with {type, data}: charts listen to it. [data-live-state] says live, late or offline.
 */
import { clockTime, learnServerTime, lengthInWords, serverNow, tick } from "./clock.js";

// A lost feed must be seen within 15 s (safety targets); the server breaks its silence every 10 s.
const LATE_AFTER_S = 13;
const OFFLINE_AFTER_S = 30;
const FRAGMENT_AT_MOST_EVERY_MS = 1500;
const RETRY_FIRST_MS = 1000;
const RETRY_LAST_MS = 30000;
const POLL_MS = 10000;
const PRESSED_FOR_MS = 200;
const EVENTS = ["visit", "samples", "board", "ping"];

let stream = null;
let connected = false;
let heardAt = null;
let retryMs = RETRY_FIRST_MS;
let retryTimer = null;
const waiting = new WeakSet();
const busy = new WeakSet();
const again = new WeakSet();
const fetchedAt = new WeakMap();
const planned = new WeakSet();

function liveUrl() {
  return document.body.dataset.liveUrl;
}

function heard() {
  heardAt = performance.now();
  showState();
}

function silentFor() {
  return heardAt === null ? Infinity : (performance.now() - heardAt) / 1000;
}

function stateNow() {
  // A page that has just been opened is given time to connect before it says that it is not.
  if (heardAt === null && performance.now() / 1000 < LATE_AFTER_S) return "late";
  const silent = silentFor();
  if (silent < LATE_AFTER_S) return "live";
  return silent < OFFLINE_AFTER_S ? "late" : "offline";
}

function stateInWords(state) {
  if (state === "live") return "live";
  if (heardAt === null) return state === "late" ? "connecting" : "not connected";
  if (state === "late") return `late, ${lengthInWords(silentFor())}`;
  return `offline since ${clockTime(serverNow() - silentFor() * 1000)}: values are old`;
}

function showState() {
  const state = stateNow();
  for (const element of document.querySelectorAll("[data-live-state]")) {
    const words = stateInWords(state);
    element.hidden = false;
    if (element.dataset.state !== state) element.setAttribute("role", state === "offline" ? "alert" : "status");
    element.dataset.state = state;
    if (element.textContent !== words) element.textContent = words;
  }
  document.body.dataset.live = state;
}

// Fragments.

function isTypedIn(element) {
  const focused = document.activeElement;
  return element.contains(focused) && focused.matches("input, select, textarea, [contenteditable]");
}

/* Finds what has the focus again in what is redrawn: by its id, where it leads, its name, or its words. */
function finderOfFocus(element) {
  const focused = document.activeElement;
  if (!focused || focused === element || !element.contains(focused)) return () => null;
  for (const name of ["id", "href", "name"]) {
    const value = focused.getAttribute(name);
    if (value) return () => element.querySelector(`[${name}="${CSS.escape(value)}"]`);
  }
  const { localName, textContent } = focused;
  return () => [...element.querySelectorAll(localName)].find((each) => each.textContent === textContent);
}

async function refresh(element) {
  if (isTypedIn(element)) {
    if (!waiting.has(element)) {
      waiting.add(element);
      element.addEventListener("focusout", () => {
        waiting.delete(element);
        setTimeout(() => refresh(element), 0);
      }, { once: true });
    }
    return;
  }
  if (busy.has(element)) {
    again.add(element);
    return;
  }
  busy.add(element);
  fetchedAt.set(element, Date.now());
  try {
    const answer = await fetch(element.dataset.liveFragment, {
      credentials: "same-origin",
      headers: { "X-Evenkeel-Fragment": "1" },
      redirect: "error",
    });
    if (answer.ok) {
      learnServerTime(answer.headers.get("date"));
      swap(element, await answer.text());
      if (!connected) heard();
    }
  } catch {
    // Nothing was heard; the state says so as soon as it has been silent for too long.
  } finally {
    busy.delete(element);
  }
  if (again.delete(element)) refresh(element);
}

/* A monitor sends every second; a screen need not be redrawn as often. */
function refreshSoon(element) {
  if (planned.has(element)) return;
  planned.add(element);
  const wait = Math.max(0, (fetchedAt.get(element) || 0) + FRAGMENT_AT_MOST_EVERY_MS - Date.now());
  setTimeout(() => {
    planned.delete(element);
    refresh(element);
  }, wait);
}

/* A button that is redrawn between press and release would never hear that it was pressed. */
function isPressed(element) {
  return element.querySelector(":active") !== null;
}

function swap(element, html) {
  if (isTypedIn(element)) return refresh(element);
  if (isPressed(element)) return setTimeout(() => refresh(element), PRESSED_FOR_MS);
  const focused = finderOfFocus(element);
  const open = [...element.querySelectorAll("details[open][id]")].map((each) => each.id);
  const { scrollTop, scrollLeft } = element;
  element.innerHTML = html;
  for (const id of open) element.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  focused()?.focus({ preventScroll: true });
  Object.assign(element, { scrollTop, scrollLeft });
  tick(element);
  element.dispatchEvent(new CustomEvent("evenkeel:swapped", { bubbles: true }));
}

function concerns(element, type, data) {
  const visit = element.closest("[data-live-visit]")?.dataset.liveVisit;
  const types = (element.dataset.liveOn || (visit ? "visit samples" : "board")).split(/\s+/);
  return types.includes(type) && (!visit || data.visit === undefined || String(data.visit) === visit);
}

function refreshAll() {
  for (const element of document.querySelectorAll("[data-live-fragment]")) refresh(element);
  document.dispatchEvent(new CustomEvent("evenkeel:refresh", { detail: { type: "all", data: {} } }));
}

function take(type, event) {
  heard();
  const data = event.data ? JSON.parse(event.data) : {};
  if (type === "ping") return learnServerTime(data.at);
  for (const element of document.querySelectorAll("[data-live-fragment]")) {
    if (concerns(element, type, data)) refreshSoon(element);
  }
  document.dispatchEvent(new CustomEvent("evenkeel:refresh", { detail: { type, data } }));
}

// The stream.

function connect() {
  clearTimeout(retryTimer);
  if (stream || document.hidden || !liveUrl()) return;
  stream = new EventSource(liveUrl());
  stream.addEventListener("open", () => {
    connected = true;
    retryMs = RETRY_FIRST_MS;
    heard();
  });
  for (const type of EVENTS) stream.addEventListener(type, (event) => take(type, event));
  stream.addEventListener("error", () => {
    disconnect();
    // Spread out, so that every screen of a clinic does not knock at the same moment after a restart.
    retryTimer = setTimeout(reconnect, retryMs * (0.75 + Math.random() / 2));
    retryMs = Math.min(retryMs * 2, RETRY_LAST_MS);
  });
}

function reconnect() {
  connect();
  refreshAll();
}

function disconnect() {
  stream?.close();
  stream = null;
  connected = false;
}

function poll() {
  if (!document.hidden && (!connected || stateNow() !== "live")) refreshAll();
}

function startIntervals() {
  for (const element of document.querySelectorAll("[data-live-fragment][data-live-every]")) {
    setInterval(() => !document.hidden && refresh(element), Number(element.dataset.liveEvery) * 1000);
  }
}

export function startLive() {
  startIntervals();
  if (!liveUrl()) return;
  connect();
  showState();
  setInterval(showState, 1000);
  setInterval(poll, POLL_MS);
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : reconnect()));
  window.addEventListener("pagehide", disconnect);
  window.addEventListener("pageshow", (event) => event.persisted && reconnect());
}
