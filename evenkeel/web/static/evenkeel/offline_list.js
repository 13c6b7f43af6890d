/*
 * The entries that are not in the record: on the chart beside those that are. A person puts right or discards what
 * the server did not accept; nothing is merged and nothing goes away by itself.
 */
import "./offline_store.js";
import { clockTime } from "./clock.js";
import { isAtThePump, isHeld, whoIsHere } from "./offline_send.js";

const store = globalThis.evenkeelStore;
const DONE_AT_THE_PUMP = { pause: ["resume", "Resume"], resume: ["pause", "Pause"], rate: ["pause", "Pause"] };
const TITLES = {
  signs: "Check", event: "Event", note: "Note", rate: "Rate", pause: "Pause", resume: "Resume", stop: "Stop",
  rescue: "Rescue drug",
};

const stepOf = (entry) => entry.url.split("/")[3];

export function made(tag, words, attributes = {}) {
  const element = document.createElement(tag);
  if (words) element.textContent = words;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function button(words, kind, act) {
  const element = made("button", words, { type: "button", class: `nhsuk-button nhsuk-button--secondary ek-button--${kind}` });
  element.addEventListener("click", act);
  return element;
}

// What a form says, in words.

function wordsOf(form, field) {
  if (field.type === "radio" || field.type === "checkbox") {
    if (!field.checked) return null;
    return form.querySelector(`label[for="${CSS.escape(field.id)}"]`)?.textContent.trim() || null;
  }
  // A group of questions is among the elements of its form, and has no value of its own.
  if (field.type === "hidden" || !field.value?.trim()) return null;
  const label = form.querySelector(`label[for="${CSS.escape(field.id)}"]`)?.textContent.replace(/\s+/g, " ").trim();
  const value = field.tagName === "SELECT" ? field.selectedOptions[0].textContent.trim() : field.value.trim();
  const { unit } = field.dataset;
  if (label && unit) return `${label.replace(` in ${unit}`, "").replace(` ${unit}`, "")} ${value} ${unit}`;
  return label ? `${label.replace(" (optional)", "")}: ${value}` : value;
}

export function describe(form, submitter) {
  const step = new URL(form.action).pathname.split("/")[3];
  const said = [...form.elements].map((field) => wordsOf(form, field)).filter(Boolean);
  if (!said.length && submitter && step === "event") said.push(submitter.textContent.trim());
  return [TITLES[step] || step, ...said].join(" · ");
}

// The list.

function line(entry, entries) {
  const item = made("li", "", { class: "ek-unsent__entry", "data-state": entry.state });
  const at = Date.parse(entry.entered.at);
  item.append(made("time", clockTime(at), { datetime: entry.entered.at, class: "ek-unsent__time" }));
  const text = made("div", "", { class: "ek-unsent__text" });
  text.append(made("p", entry.entered.words, { class: "ek-unsent__words" }));
  const mark = entry.state === "refused" ? "not accepted, not saved" : "not sent yet";
  text.append(made("p", `${mark} · ${entry.entered.name}`, { class: "ek-unsent__mark" }));
  for (const problem of entry.problems) text.append(made("p", problem, { class: "ek-unsent__problem" }));
  if (isHeld(entry, entries)) text.append(made("p", "Waits until the entry before it is put right or discarded."));
  if (entry.state === "waiting" && isAtThePump(entry)) {
    text.append(made("p", "This writes down what was done. The pump itself is set and stopped at the pump."));
  }
  if (entry.state === "refused" && entry.entered.by === document.body.dataset.person) text.append(choices(entry));
  item.append(text);
  return item;
}

function choices(entry) {
  const row = made("div", "", { class: "ek-actions" });
  row.append(button("Correct it", "main", () => openAgain(entry)), button("Discard it", "secondary", () => askDiscard(entry)));
  return row;
}

/* The step that follows one that the page, a copy, does not know of yet. */
function following(entries) {
  const last = entries.filter((each) => each.state === "waiting" && stepOf(each) in DONE_AT_THE_PUMP).at(-1);
  if (!last || entries.some((each) => stepOf(each) === "stop" && each.id > last.id)) return null;
  const [step, words] = DONE_AT_THE_PUMP[stepOf(last)];
  const link = made("a", words, { class: "nhsuk-button ek-button--start", href: `/visits/${last.visit}/${step}/` });
  const row = made("div", "", { class: "ek-actions" });
  row.append(link);
  return row;
}

export function showList(entries) {
  for (const place of document.querySelectorAll("[data-unsent]")) {
    const here = entries.filter((each) => each.visit === place.dataset.unsent);
    place.replaceChildren();
    if (!here.length) continue;
    const card = made("section", "", { class: "ek-card ek-unsent", "aria-label": "Not in the record", id: "unsent" });
    card.append(made("h2", "Not in the record", { class: "ek-card__heading" }));
    const list = made("ol", "", { class: "ek-unsent__list" });
    list.append(...here.map((each) => line(each, here)));
    card.append(list);
    const next = following(here);
    if (next) card.append(next);
    place.append(card);
  }
}

// Putting right, and discarding.

function timeForBox(moment) {
  const timeZone = document.body.dataset.zone || undefined;
  const format = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone });
  return format.format(Date.parse(moment)).replace(" ", "T");
}

/* The form as it was, with the time of entering in it; saving it takes the entry's place in the queue. */
async function openAgain(entry) {
  const here = await whoIsHere();
  if (!here?.token) return say("The server is not reached, or you are signed out. Nothing is lost; try again.");
  const form = made("form", "", { method: "post", action: entry.url, hidden: "" });
  const skipped = ["entered", "seen"];
  const fields = entry.fields.filter(([name, value]) => !skipped.includes(name) && !(name === "happened_at" && !value));
  if (!fields.some(([name]) => name === "happened_at")) fields.push(["happened_at", timeForBox(entry.entered.at)]);
  fields.push(["csrfmiddlewaretoken", here.token], ["open_again", "1"]);
  for (const [name, value] of fields) form.append(made("input", "", { type: "hidden", name, value }));
  document.body.append(form);
  form.submit();
}

export function dialog(heading, words, choicesMade) {
  const box = made("dialog", "", { class: "ek-cover", "aria-labelledby": "ek-offline-heading" });
  box.append(made("h1", heading, { class: "ek-h1", id: "ek-offline-heading" }));
  for (const each of words) box.append(made("p", each));
  const row = made("div", "", { class: "ek-actions" });
  for (const [label, kind, act] of choicesMade) {
    row.append(button(label, kind, () => {
      box.close();
      act?.();
    }));
  }
  box.append(row);
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

function say(words) {
  dialog("Not sent", [words], [["Go on", "secondary", null]]);
}

function askDiscard(entry) {
  const at = clockTime(Date.parse(entry.entered.at));
  dialog(
    "Discard this entry?",
    [`${at} · ${entry.entered.words}`, "It is in no record. Once discarded it cannot be brought back."],
    [["Keep it", "secondary", null], ["Discard for good", "secondary", () => store.remove(entry.id)]],
  );
}
