/*
 * Ages and countdowns, once a second. The server's clock is the one that counts: a tablet's may be wrong, so the
 * difference is learned from the page itself (body data-now) and from every answer that the server gives.
 */
const KEPT_AS = "evenkeel-clock";
let offset = 0;

export function learnServerTime(moment) {
  const at = typeof moment === "number" ? moment : Date.parse(moment);
  if (!Number.isFinite(at)) return;
  offset = at - Date.now();
  // A page that this tablet kept has no server to ask; it goes by what was learned last.
  localStorage.setItem(KEPT_AS, String(offset));
}

/* By how many milliseconds the server is ahead of this device, as far as it is known. */
export function serverAhead() {
  return offset;
}

export function serverNow() {
  return Date.now() + offset;
}

export function clockTime(ms) {
  return clockFormat().format(ms);
}

let format = null;
function clockFormat() {
  if (!format) {
    const zone = document.body.dataset.zone || undefined;
    format = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  }
  return format;
}

export function lengthInWords(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 90) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

function countdown(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function showDue(element, now) {
  const due = Date.parse(element.dataset.due);
  const left = (due - now) / 1000;
  const box = element.closest("[data-due-box]") || element;
  if (left < 0) {
    write(element, left > -600 ? `${countdown(left)} late` : `${lengthInWords(-left)} late`);
    box.dataset.dueState = "late";
  } else {
    write(element, left < 600 ? `in ${countdown(left)}` : `${clockTime(due)}, in ${lengthInWords(left)}`);
    box.dataset.dueState = left < 60 ? "soon" : "ahead";
  }
}

function showAge(element, now) {
  const at = Date.parse(element.getAttribute("datetime"));
  const age = (now - at) / 1000;
  const words = age < 5 ? "just now" : `${lengthInWords(age)} ago`;
  const prefix = element.dataset.agePrefix || "";
  write(element, element.dataset.age === "short" ? prefix + words : `${prefix}${clockTime(at)}, ${words}`);
}

export function tick(root = document) {
  const now = serverNow();
  for (const element of root.querySelectorAll("[data-due]")) showDue(element, now);
  for (const element of root.querySelectorAll("time[data-age][datetime]")) showAge(element, now);
  for (const element of root.querySelectorAll("[data-clock]")) write(element, clockTime(now));
}

export function startClock() {
  // A page brought back from history says when it was made, not what time it is.
  const [entry] = performance.getEntriesByType("navigation");
  offset = Number(localStorage.getItem(KEPT_AS)) || 0;
  const isKept = document.documentElement.dataset.keptAt !== undefined;
  if (document.body.dataset.now && !isKept && (!entry || entry.type !== "back_forward")) {
    learnServerTime(document.body.dataset.now);
  }
  tick();
  setInterval(tick, 1000);
}
