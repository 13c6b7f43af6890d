/*
 * A scale one question at a time, as on a phone, or all on one page. The form is one form in both views, so going back
 * keeps every answer; without this script it is all on one page. In a question the keys 0 to 9 choose the answer of
 * that number (1 and then 0 is 10).
 */
const NARROW = "(max-width: 40em)";
const TWO_DIGITS_MS = 700;

const scale = document.querySelector("[data-scale-form]");
const steps = [...scale.querySelectorAll("[data-scale-step]")];
const tools = scale.querySelector("[data-scale-tools]");
const nav = scale.querySelector("[data-scale-nav]");
const place = scale.querySelector("[data-scale-place]");
const toggle = scale.querySelector("[data-scale-switch]");
const back = scale.querySelector("[data-scale-back]");
const next = scale.querySelector("[data-scale-next]");
const questions = steps.length - 1;
let current = 0;
let isOneAtATime = false;
let lastDigit = { key: "", at: -Infinity, inside: null };

function chosen(number) {
  const box = document.querySelector(`[name="answer_${number}"]:checked`);
  return box ? Number(box.value) : null;
}

/* A question is passed over only where it is not to be asked and nothing was answered to it. */
function isPassedOver(step) {
  if (!step.dataset.scaleCondition) return false;
  if (step.querySelector("input:checked")) return false;
  const asked = JSON.parse(step.dataset.scaleCondition);
  const isFulfilled = asked.items.some((number) => chosen(number) !== null && chosen(number) >= asked.from);
  return isFulfilled === asked.unless;
}

function onward(from, way) {
  let at = from + way;
  while (at > 0 && at < steps.length - 1 && isPassedOver(steps[at])) at += way;
  return Math.min(Math.max(at, 0), steps.length - 1);
}

function show() {
  scale.classList.toggle("ek-scale--one", isOneAtATime);
  steps.forEach((step, index) => step.toggleAttribute("data-scale-now", index === current));
  nav.hidden = !isOneAtATime;
  back.disabled = current === 0;
  next.hidden = current === questions;
  toggle.textContent = isOneAtATime ? "All on one page" : "One at a time";
  place.textContent = isOneAtATime
    ? current === questions ? "Last: when and how" : `Question ${current + 1} of ${questions}`
    : "The keys 0 to 9 choose an answer.";
}

function go(to) {
  current = to;
  show();
  const first = steps[to].querySelector("input:checked") || steps[to].querySelector("input:not([type=hidden])");
  first?.focus({ preventScroll: true });
  tools.scrollIntoView();
}

function choose(event) {
  if (!/^[0-9]$/.test(event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
  const step = event.target.closest?.("[data-scale-step]");
  if (!step || (event.target.matches("input") && event.target.type !== "radio")) return;
  const inside = event.target.closest("fieldset") || step;
  const boxes = [...inside.querySelectorAll('input[type="radio"][name^="answer_"]')];
  // When the keys were pressed counts, not when a busy device came to them; and both are keys of one question.
  const isSecond = lastDigit.inside === inside && event.timeStamp - lastDigit.at < TWO_DIGITS_MS;
  const both = isSecond ? lastDigit.key + event.key : "";
  lastDigit = { key: event.key, at: event.timeStamp, inside };
  const box = boxes.find((each) => both && each.value === both) || boxes.find((each) => each.value === event.key);
  if (!box) return;
  event.preventDefault();
  box.checked = true;
  box.focus();
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

toggle.addEventListener("click", () => {
  isOneAtATime = !isOneAtATime;
  show();
});
back.addEventListener("click", () => go(onward(current, -1)));
next.addEventListener("click", () => go(onward(current, 1)));
scale.addEventListener("keydown", (event) => {
  // Enter would send the form from the first question; here it goes on to the next.
  const isGoingOn = event.key === "Enter" && isOneAtATime && current < questions && event.target.matches("input");
  if (isGoingOn) {
    event.preventDefault();
    go(onward(current, 1));
  } else choose(event);
});

// A form that came back shows everything, so that no error stands on a question that is not in sight.
const cameBack = document.querySelector(".nhsuk-error-summary") !== null;
isOneAtATime = questions > 1 && !cameBack && globalThis.matchMedia(NARROW).matches;
tools.hidden = questions < 2;
show();
