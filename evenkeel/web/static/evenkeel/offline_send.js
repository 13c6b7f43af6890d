/*
 * Sending what waits: in the order of entering, each entry under the key of its form, and only in the session of the
 * person who made it. An entry leaves the queue when the server has said that it is saved, and not before.
 */
import "./offline_store.js";
import { learnServerTime } from "./clock.js";

const store = globalThis.evenkeelStore;
const ANSWER_MS = 5000;
const SEND_MS = 20000;
const TRIES_MAX = 3;
const PUMP = /\/(rate|pause|resume|stop|rescue)\/$/;

export const isAtThePump = (entry) => PUMP.test(entry.url);

/* Who is signed in: {person, token}; {person: ""} for nobody; null when the server is not reached. */
export async function whoIsHere() {
  const { hereUrl } = document.body.dataset;
  const askedAt = performance.now();
  try {
    const answer = await fetch(hereUrl || "/here/", {
      headers: { Accept: "application/json", "X-Evenkeel-Fragment": "1" }, redirect: "error",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.status === 401) return { person: "" };
    if (!answer.ok) return null;
    const here = await answer.json();
    learnServerTime(Date.parse(here.now) + (performance.now() - askedAt) / 2);
    return here;
  } catch {
    return null;
  }
}

async function post(entry, token) {
  const body = new URLSearchParams([...entry.fields, ["csrfmiddlewaretoken", token]]);
  return fetch(entry.url, {
    method: "POST", body, credentials: "same-origin", redirect: "error", signal: AbortSignal.timeout(SEND_MS),
    headers: { "X-Evenkeel-Sent-At": new Date().toISOString() },
  });
}

/* What became of one entry: "sent", "refused", "later" when the rest has to wait as well. */
async function sendOne(entry, token) {
  let answer = null;
  try {
    answer = await post(entry, token);
  } catch {
    return "later";
  }
  const isForUs = (answer.headers.get("content-type") || "").startsWith("application/json");
  const said = isForUs ? await answer.json().catch(() => null) : null;
  if (answer.status === 201 && said?.saved) {
    await store.remove(entry.id);
    return "sent";
  }
  if (said?.problems) return refuse(entry, said.problems);
  if (answer.status === 401 || answer.status >= 500) return "later";
  const tries = (entry.tries || 0) + 1;
  if (tries >= TRIES_MAX) return refuse(entry, [`The server did not take this entry (${answer.status}).`]);
  await store.put({ ...entry, tries });
  return "later";
}

async function refuse(entry, problems) {
  await store.put({ ...entry, state: "refused", problems });
  return "refused";
}

/* What was done at the pump builds on what was done there before: it waits behind an entry that was not accepted. */
export function isHeld(entry, entries) {
  const before = (each) => each.visit === entry.visit && each.state === "refused" && each.id < entry.id;
  return isAtThePump(entry) && entries.some((each) => before(each) && isAtThePump(each));
}

async function sendAll(here) {
  let sent = 0;
  const mine = (await store.all()).filter((each) => each.entered.by === here.person && each.state === "waiting");
  for (const entry of mine) {
    if (isHeld(entry, await store.all())) continue;
    const became = await sendOne(entry, here.token);
    if (became === "later") break;
    if (became === "sent") sent += 1;
  }
  return sent;
}

/* Sends what waits, from one tab at a time; resolves with how many entries the server has saved. */
export async function send(here) {
  return navigator.locks.request(store.NAME, { ifAvailable: true }, (lock) => (lock ? sendAll(here) : 0));
}
