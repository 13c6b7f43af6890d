/*
 * The tablet without its network, as a person meets it: a banner that says so, how much is not sent and since when;
 * the clock of the tablet, put right in what is entered; and the way out, which warns.
 */
import "./offline_store.js";
import { clockTime, lengthInWords, serverAhead, serverNow } from "./clock.js";
import { canKeep, isKeptCopy, keepSoon, keptCharts, startKeeping, wipeAll } from "./offline_keep.js";
import { describe, dialog, made, showList } from "./offline_list.js";
import { send, whoIsHere } from "./offline_send.js";

const store = globalThis.evenkeelStore;
const OFFLINE_SINCE = "evenkeel-offline-since";
const SENT = "evenkeel-sent";
const LOOK_EVERY_MS = 2000;
const ASK_EVERY_MS = 5000;
const SENT_SHOWN_MS = 120000;
// A clock that is off by less is not worth a word; the times are corrected all the same. Proposal.
const CLOCK_OFF_MS = 60000;

let entries = [];
let here = null;
let isOffline = false;
let askedAt = -Infinity;
let isAsking = false;
let banner = null;

const own = () => entries.filter((each) => each.entered.by === document.body.dataset.person);
const waitingOf = (some) => some.filter((each) => each.state === "waiting");

function count(number) {
  return number === 1 ? "1 entry" : `${number} entries`;
}

// Whether the server is reached.

function setOffline(value) {
  if (value === isOffline) return;
  isOffline = value;
  if (value) localStorage.setItem(OFFLINE_SINCE, localStorage.getItem(OFFLINE_SINCE) || new Date(serverNow()).toISOString());
  else localStorage.removeItem(OFFLINE_SINCE);
  show();
}

function hasReasonToAsk() {
  const isLate = ["late", "offline"].includes(document.body.dataset.live);
  return isOffline || isKeptCopy() || isLate || waitingOf(own()).length > 0;
}

async function look({ now = false } = {}) {
  if (!navigator.onLine) return setOffline(true);
  if (isAsking || document.hidden || (!now && (Date.now() - askedAt < ASK_EVERY_MS || !hasReasonToAsk()))) return undefined;
  isAsking = true;
  try {
    askedAt = Date.now();
    here = await whoIsHere();
    setOffline(here === null);
    if (here?.person && here.person === document.body.dataset.person) await goOnline();
    show();
  } finally {
    isAsking = false;
  }
  return undefined;
}

async function goOnline() {
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = here.token;
  const sent = await send(here);
  if (sent) sessionStorage.setItem(SENT, JSON.stringify({ count: sent, at: serverNow() }));
  await read();
  if (isKeptCopy()) {
    // The copy has done its work; what somebody is typing on it stays in front of them.
    if (!isTypedIn()) location.reload();
  } else if (sent) {
    document.dispatchEvent(new CustomEvent("evenkeel:refresh", { detail: { type: "all", data: {} } }));
    keepSoon();
  }
}

function isTypedIn() {
  const boxes = document.querySelectorAll("[data-queue] input:not([type=hidden], [type=radio], [type=checkbox]), [data-queue] textarea");
  return [...boxes].some((box) => box.value.trim() !== box.defaultValue.trim());
}

// The banner.

function lines() {
  const said = [];
  const mine = own();
  const waiting = waitingOf(mine);
  const refused = mine.filter((each) => each.state === "refused");
  const first = waiting.length ? `, the first of ${clockTime(Date.parse(waiting[0].entered.at))}` : "";
  if (isOffline) {
    const since = clockTime(Date.parse(localStorage.getItem(OFFLINE_SINCE)));
    const unsent = waiting.length ? `${count(waiting.length)} not sent yet${first}.` : "Nothing waits to be sent.";
    said.push(["offline", `Offline since ${since}. ${unsent} ${whatGoesOn()}`, placeOf(waiting[0])]);
  } else if (here?.person === "" && waiting.length) {
    said.push(["offline", `${count(waiting.length)} not sent yet${first}. You are signed out; sign in again and they are sent.`, signIn()]);
  } else if (waiting.length) {
    said.push(["unsent", `${count(waiting.length)} not sent yet${first}.`, placeOf(waiting[0])]);
  }
  if (isKeptCopy()) said.push(["copy", `This page is as it was at ${clockTime(Date.parse(document.documentElement.dataset.keptAt) + serverAhead())}.`]);
  if (refused.length) said.push(["refused", `${count(refused.length)} not accepted by the server and not saved. Correct or discard.`, placeOf(refused[0])]);
  for (const [name, number] of waitingOfOthers()) {
    said.push(["others", `${count(number)} of ${name} ${number === 1 ? "waits" : "wait"} on this tablet. Only ${name} can send them, signed in here.`]);
  }
  const sent = JSON.parse(sessionStorage.getItem(SENT) || "null");
  if (sent && serverNow() - sent.at < SENT_SHOWN_MS) said.push(["sent", `${count(sent.count)} sent at ${clockTime(sent.at)}.`]);
  const off = clockWords();
  if (off) said.push(["clock", off]);
  return said;
}

function whatGoesOn() {
  if (!document.querySelector("[data-queue], [data-kept]")) return "";
  return "Go on charting: entries keep their time. The pump is set and stopped at the pump, and the rules are asked when an entry arrives.";
}

function signIn() {
  return { href: `/accounts/login/?next=${encodeURIComponent(location.pathname)}`, words: "Sign in" };
}

function placeOf(entry) {
  if (!entry) return null;
  const address = `/visits/${entry.visit}/chart/`;
  return { href: address === location.pathname ? "#unsent" : `${address}#unsent`, words: "Show" };
}

function waitingOfOthers() {
  const found = new Map();
  for (const { entered } of entries) {
    if (entered.by !== document.body.dataset.person) found.set(entered.name, (found.get(entered.name) || 0) + 1);
  }
  return found;
}

function clockWords() {
  if (!document.querySelector("[data-queue]") || Math.abs(serverAhead()) < CLOCK_OFF_MS) return null;
  const off = lengthInWords(Math.round(Math.abs(serverAhead()) / 60000) * 60);
  return `This tablet's clock is ${off === "60 s" ? "1 min" : off} ${serverAhead() > 0 ? "slow" : "fast"}; times are corrected.`;
}

function makeBanner() {
  const place = document.querySelector(".ek-sticky") || document.querySelector("main");
  banner = made("div", "", { class: "ek-offline", role: "status", hidden: "" });
  place?.prepend(banner);
}

function show() {
  const said = lines();
  const key = JSON.stringify(said);
  if (banner.dataset.said === key) return;
  banner.dataset.said = key;
  banner.hidden = said.length === 0;
  banner.replaceChildren(...said.map(([kind, words, link]) => {
    const text = made("p", words, { class: "ek-offline__line", "data-kind": kind });
    if (link) text.append(" ", made("a", link.words, { href: link.href }));
    if (kind === "copy") text.append(" ", made("a", "Charts on this tablet", { href: "/visits/offline/" }));
    return text;
  }));
  document.body.dataset.offline = isOffline ? "yes" : "no";
}

async function read() {
  entries = await store.all();
  showList(entries);
  show();
}

// What is entered.

/* Who, when by the server's clock, and what the tablet's own clock said: it travels with the form, now or later. */
function stamp(event) {
  const form = event.target;
  const { person } = document.body.dataset;
  if (event.defaultPrevented || !form.matches("[data-queue]") || !person) return;
  const entered = {
    at: new Date(serverNow()).toISOString(),
    device_at: new Date().toISOString(),
    by: person,
    name: document.querySelector(".ek-person__name")?.textContent.trim() || "",
    words: describe(form, event.submitter),
  };
  form.querySelector("[name=entered]")?.remove();
  form.append(made("input", "", { type: "hidden", name: "entered", value: JSON.stringify(entered) }));
}

/* Every form of a copy would send the key that the copy was made with. */
function freshKeys() {
  if (!isKeptCopy()) return;
  for (const field of document.querySelectorAll("[name=idempotency_key]")) field.value = crypto.randomUUID();
}

// The way out.

function leave(event) {
  const form = event.target;
  if (new URL(form.action).pathname !== "/accounts/logout/" || form.dataset.leaves) return;
  const mine = own().length;
  // Nothing to ask: the way out waits for nothing. What is not wiped in time is wiped by the page of the sign-in.
  if (!mine && !isOffline) return void wipeAll();
  event.preventDefault();
  event.stopImmediatePropagation();
  const out = async () => {
    form.dataset.leaves = "yes";
    await wipeAll();
    form.submit();
  };
  const words = mine ? [`${count(mine)} of yours ${mine === 1 ? "is" : "are"} not in the record. ${mine === 1 ? "It stays" : "They stay"} on this tablet and can be sent only by you, signed in here.`] : [];
  if (isOffline) words.push("The server is not reached, so it cannot sign you out now. The charts kept on this tablet are removed all the same.");
  dialog(mine ? `${count(mine)} not sent` : "Offline", words, [["Stay", "main", null], ["Sign out all the same", "secondary", out]]);
}

async function showKept() {
  const list = document.querySelector("[data-kept-list]");
  const charts = list ? await keptCharts() : [];
  if (!charts.length) return;
  list.replaceChildren(...charts.map(({ address, name, at }) => {
    const item = made("li", "");
    item.append(made("a", name || "Chart", { href: address }), ` as of ${clockTime(at + serverAhead())}`);
    return item;
  }));
}

export async function startOffline() {
  if (!canKeep()) return;
  makeBanner();
  freshKeys();
  document.addEventListener("submit", stamp);
  document.addEventListener("submit", leave, { capture: true });
  window.addEventListener("offline", () => look());
  window.addEventListener("online", () => look({ now: true }));
  new BroadcastChannel(store.NAME).addEventListener("message", read);
  isOffline = isKeptCopy() && localStorage.getItem(OFFLINE_SINCE) !== null;
  await read();
  showKept();
  await look({ now: entries.length > 0 || isKeptCopy() });
  setInterval(look, LOOK_EVERY_MS);
  setInterval(show, LOOK_EVERY_MS);
  startKeeping().catch(() => {});
}
