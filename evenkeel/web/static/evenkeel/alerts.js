/*
 * What a page does about alerts besides showing them: sound, what is read out, and taps that do not reload the page.
 *
 * The server says what is open; nothing here remembers it, so a reload or another device sounds the same. It is read from
 * [data-alert-list], which is fetched again with its frame; each li of it holds
 *   data-alert     "visit/id", one and the same for as long as the alert lives
 *   data-priority  high, medium or low
 *   data-mine      "yes" where the person signed in is responsible, or was called
 *   data-visit     the visit's reference
 *   data-quiet     until when its sound is off; empty when it is not
 *   its words are what is read out, once.
 * What this device was told (sound on or off, for whom, when it was last heard) stays in the device's localStorage.
 */
import { PATTERNS, Sounder } from "./alert_sound.js";
import { clockTime, serverNow } from "./clock.js";

const TICK_MS = 500;
const RANKS = ["high", "medium", "low"];
const ANNOUNCED = "evenkeel-alerts-announced";
const KEEP = { is: "evenkeel-sound", whose: "evenkeel-sound-for", heard: "evenkeel-sound-heard" };

const bar = document.querySelector("[data-sound]");
const lost = document.querySelector("[data-lost]");
const sounder = new Sounder();
let soundedAt = 0;
let sounded = null;
let lostAt = null;
let lostSoundedAt = 0;
let wasLive = false;
let tapped = null;

function kept(name) {
  try {
    return localStorage.getItem(KEEP[name]);
  } catch {
    return null;
  }
}

function keep(name, words) {
  try {
    localStorage.setItem(KEEP[name], words);
  } catch {
    // A browser that keeps nothing asks again on every page.
  }
}

// What is open.

function listed() {
  return [...document.querySelectorAll("[data-alert-list] > [data-alert]")].map(({ dataset, textContent }) => ({
    id: dataset.alert,
    priority: dataset.priority,
    isMine: dataset.mine === "yes",
    visit: dataset.visit,
    quietUntil: dataset.quiet ? Date.parse(dataset.quiet) : 0,
    words: textContent.trim(),
  }));
}

function isForAll() {
  return kept("whose") === "all" && document.body.classList.contains("ek-body--board");
}

function concernsMe(alert) {
  const here = document.querySelector("[data-live-visit]")?.dataset.liveVisit;
  return alert.isMine || isForAll() || alert.visit === here;
}

function sounding() {
  const now = serverNow();
  return listed()
    .filter((alert) => (alert.isMine || isForAll()) && now >= alert.quietUntil)
    .sort((one, other) => RANKS.indexOf(one.priority) - RANKS.indexOf(other.priority))[0];
}

// Sound.

function isWanted() {
  return kept("is") === "on";
}

function soundState() {
  if (!sounder.isPossible) return "impossible";
  if (!isWanted()) return "off";
  if (!sounder.isReady) return "waiting";
  return kept("heard")?.startsWith("no") ? "unheard" : "on";
}

const WORDS = {
  impossible: () => "This browser cannot sound alerts. Look at the board and the bedside monitor.",
  off: () => "Sound is off on this device: turn it on to hear alerts.",
  waiting: () => "Sound waits for a touch: browsers are silent until somebody has touched the page.",
  unheard: () => "Sound was not heard on this device. Turn its volume up, then check the sound again.",
  on: () => {
    const whose = isForAll() ? "all chairs" : "your patients";
    const heardAt = Date.parse((kept("heard") ?? "").split(" ")[1]);
    return `Sound is on for ${whose}${Number.isFinite(heardAt) ? `, last checked ${clockTime(heardAt)}` : ", not checked yet"}.`;
  },
};

function showSound() {
  if (!bar) return;
  const state = soundState();
  const isAtTheChair = document.body.matches(".ek-body--chairside, .ek-body--board");
  bar.hidden = !isAtTheChair && !(state !== "on" && sounding());
  bar.dataset.sound = state;
  const said = bar.querySelector("[data-sound-words]");
  const words = WORDS[state]();
  if (said.textContent !== words) said.textContent = words;
  bar.querySelector("[data-sound-on]").hidden = !["off", "waiting"].includes(state);
  bar.querySelector("[data-sound-more]").hidden = !["on", "unheard"].includes(state);
  const whose = bar.querySelector("[data-sound-whose]");
  whose.hidden = !document.body.classList.contains("ek-body--board");
  whose.textContent = isForAll() ? "Only my patients" : "All chairs";
}

function sound() {
  const alert = sounding();
  if (!alert || !isWanted()) {
    sounded = null;
    return;
  }
  const now = Date.now();
  const isWorse = sounded === null || RANKS.indexOf(alert.priority) < RANKS.indexOf(sounded.priority);
  const isNew = sounded === null || alert.id !== sounded.id;
  if (!isWorse && !isNew && now - soundedAt < PATTERNS[alert.priority].everyMs) return;
  if (!sounder.isReady) return;
  [sounded, soundedAt] = [alert, now];
  sounder.play(alert.priority);
}

function turnOn() {
  keep("is", "on");
  sounder.ask(showSound);
  showSound();
}

function turnOff() {
  keep("is", "off");
  sounder.hush();
  showSound();
}

function check() {
  sounder.play("high");
  bar.querySelector("[data-sound-asked]").hidden = false;
}

function answerCheck(isHeard) {
  keep("heard", `${isHeard ? "yes" : "no"} ${new Date(serverNow()).toISOString()}`);
  bar.querySelector("[data-sound-asked]").hidden = true;
  showSound();
}

function takeWhose() {
  keep("whose", isForAll() ? "mine" : "all");
  sounded = null;
  showSound();
}

const PRESSED = {
  "[data-sound-on]": turnOn,
  "[data-sound-off]": turnOff,
  "[data-sound-check]": check,
  "[data-sound-heard]": () => answerCheck(true),
  "[data-sound-unheard]": () => answerCheck(false),
  "[data-sound-whose]": takeWhose,
};

// A lost stream. It must be seen within 15 s (safety targets), and live.js says "late" after 13.

function showLost() {
  const state = document.body.dataset.live;
  if (state === "live") wasLive = true;
  const isLost = state === "offline" || (state === "late" && wasLive);
  if (!isLost) lostAt = null;
  else lostAt ??= serverNow();
  if (!lost) return;
  lost.hidden = !isLost;
  if (!isLost) return;
  lost.querySelector("[data-lost-at]").textContent = clockTime(lostAt);
  const watches = document.querySelector("[data-watches]");
  if (watches && isWanted() && Date.now() - lostSoundedAt >= PATTERNS.lost.everyMs) {
    lostSoundedAt = Date.now();
    sounder.play("lost");
  }
}

// Read out, once: a page that is redrawn every second or two would otherwise read its alerts again and again.

function announced() {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(ANNOUNCED) ?? "[]"));
  } catch {
    return new Set();
  }
}

function announce() {
  const open = listed();
  const before = announced();
  const name = (alert) => `${alert.id} ${alert.priority}`;
  const fresh = open.filter((alert) => concernsMe(alert) && !before.has(name(alert)));
  const still = open.map(name).filter((each) => before.has(each));
  try {
    sessionStorage.setItem(ANNOUNCED, JSON.stringify([...still, ...fresh.map(name)]));
  } catch {
    // Without it they are read out once more on the next page.
  }
  say("assertive", fresh.filter((alert) => alert.priority === "high"));
  say("polite", fresh.filter((alert) => alert.priority !== "high"));
}

function say(how, alerts) {
  const place = document.querySelector(`[data-announce="${how}"]`);
  if (place && alerts.length) place.textContent = alerts.map((alert) => alert.words).join(" ");
}

// Taps.

/* An answer is sent without leaving the page, so that a check that is half typed stays as it is. */
async function send(event) {
  const form = event.target;
  if (!form.matches(".ek-alert-form")) return;
  event.preventDefault();
  const { submitter } = event;
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  const said = form.querySelector("[data-alert-said]");
  said.textContent = "";
  tapped = submitter?.dataset.alertPlace ?? null;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form, submitter),
      credentials: "same-origin",
      headers: { "X-Evenkeel-Fragment": "1" },
      redirect: "manual",
    });
    // Anything but "it is written" has words of its own, on a page.
    if (answer.status !== 204) return form.submit();
    if (submitter) submitter.disabled = true;
    said.textContent = "Saved";
  } catch {
    said.textContent = "Not saved: Evenkeel does not answer. Try again.";
  }
  delete form.dataset.busy;
}

/* Whoever works with the keyboard stays at the alert whose button has gone. */
function stayAtPlace() {
  if (tapped === null || document.activeElement !== document.body) return;
  (document.getElementById(tapped) ?? document.getElementById("alerts-heading"))?.focus({ preventScroll: true });
  tapped = null;
}

/* What the page itself is about stands there already, with its buttons. */
function showCalls() {
  const here = document.querySelector("[data-alerts-of]")?.dataset.alertsOf;
  for (const each of document.querySelectorAll("[data-call-visit]")) each.hidden = each.dataset.callVisit === here;
}

function countDown() {
  for (const each of document.querySelectorAll("[data-until]")) {
    const left = Math.ceil((Date.parse(each.dataset.until) - serverNow()) / 1000);
    const box = each.closest("[data-until-box]") ?? each;
    box.hidden = left <= 0;
    each.textContent = `${Math.floor(Math.max(left, 0) / 60)}:${String(Math.max(left, 0) % 60).padStart(2, "0")} left`;
  }
}

function look() {
  announce();
  showSound();
  sound();
  showLost();
  showCalls();
  countDown();
}

document.addEventListener("submit", send, { capture: true });
document.addEventListener("evenkeel:swapped", () => {
  stayAtPlace();
  look();
});
bar?.addEventListener("click", (event) => {
  for (const [selector, act] of Object.entries(PRESSED)) if (event.target.closest(selector)) act();
});
if (isWanted()) {
  sounder.ask(showSound);
  // The first touch of a page lets it sound, whatever is touched.
  for (const type of ["pointerdown", "keydown"]) {
    document.addEventListener(type, () => isWanted() && sounder.ask(showSound), { passive: true, capture: true });
  }
}
look();
setInterval(look, TICK_MS);
