/*
 * The level explorer redraws while a slider moves or a number is typed. Every box gets a slider beside it; the server
 * does the computing, as it does without this script. A picture that belongs to other numbers is never left standing:
 * while a number is wrong the pictures are hidden, and while the server computes they are pale.
 */
const WAIT_MS = 120;
const SAY_AFTER_MS = 900;

const form = document.querySelector("[data-level-form]");
const result = document.querySelector("[data-level-result]");
const pictures = document.querySelector("[data-level-pictures]");
const here = document.querySelector("[data-level-here]");
const said = document.querySelector("[data-level-said]");
let timer = null;
let sayTimer = null;
let isAsking = false;
let isStale = false;

function addSlider(box) {
  const slider = document.createElement("input");
  slider.type = "range";
  slider.className = "ek-levels__slider";
  slider.min = box.dataset.slideFrom;
  slider.max = box.dataset.slideTo;
  slider.step = box.dataset.slideStep;
  const label = form.querySelector(`label[for="${box.id}"]`);
  slider.setAttribute("aria-label", `${label.firstChild.textContent.trim()}, slider`);
  const show = () => {
    if (/^\d+(\.\d+)?$/.test(box.value.trim())) slider.value = box.value;
    slider.setAttribute("aria-valuetext", [slider.value, box.dataset.unit].filter(Boolean).join(" "));
  };
  show();
  slider.addEventListener("input", () => {
    box.value = String(Number(slider.value));
    show();
    askSoon();
  });
  box.addEventListener("input", () => {
    show();
    askSoon();
  });
  box.closest(".nhsuk-form-group").append(slider);
}

/* One question at a time, so that a slow machine is asked as often as it answers and no more. */
function askSoon() {
  pictures.dataset.waiting = "yes";
  if (isAsking) isStale = true;
  else if (!timer) timer = setTimeout(ask, WAIT_MS);
}

async function ask() {
  timer = null;
  isAsking = true;
  isStale = false;
  const query = new URLSearchParams(new FormData(form));
  try {
    const answer = await fetch(`${form.dataset.resultUrl}?${query}`, {
      credentials: "same-origin", redirect: "error", headers: { "X-Evenkeel-Fragment": "levels" },
    });
    if (answer.ok || answer.status === 422) show(await answer.text(), query);
    else fail(answer.status === 401 ? "You were signed out. Sign in again to go on." : "The server could not work this out.");
  } catch {
    fail("The server does not answer. The numbers are kept; try again.");
  }
  isAsking = false;
  if (isStale) askSoon();
}

function show(html, query) {
  const open = [...result.querySelectorAll("details[open]")].map((each) => each.id);
  result.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  const source = document.getElementById("level-charts");
  const wrong = [...result.querySelectorAll(".nhsuk-error-summary a")].map((link) => link.getAttribute("href").slice(1));
  mark(wrong);
  pictures.hidden = !source;
  if (!isStale) delete pictures.dataset.waiting;
  if (source) {
    for (const chart of JSON.parse(source.textContent)) {
      document.dispatchEvent(new CustomEvent("evenkeel:refresh", { detail: { id: chart.id, chart } }));
    }
    history.replaceState(null, "", `${form.getAttribute("action")}?${query}`);
  }
  here.textContent = result.querySelector("[data-level-sentence]")?.textContent ?? "";
  say(here.textContent || result.querySelector(".nhsuk-error-summary")?.innerText || "");
}

/* What the page said of its numbers when it was made is over once they changed; the list above has what is wrong now. */
function mark(wrong) {
  document.querySelector("main > .nhsuk-error-summary")?.remove();
  for (const box of form.querySelectorAll("[data-slide-from]")) {
    const isWrong = wrong.includes(box.id);
    box.classList.toggle("nhsuk-input--error", isWrong);
    if (isWrong) box.setAttribute("aria-invalid", "true");
    else box.removeAttribute("aria-invalid");
    const group = box.closest(".nhsuk-form-group");
    group.classList.toggle("nhsuk-form-group--error", isWrong);
    if (isWrong) box.closest("details")?.setAttribute("open", "");
    if (!isWrong) group.querySelector(".nhsuk-error-message")?.remove();
  }
}

function fail(words) {
  pictures.hidden = true;
  here.textContent = "";
  result.textContent = words;
  say(words);
}

/* Said once the slider rests, so that a reader is not talked over. */
function say(words) {
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => { said.textContent = words; }, SAY_AFTER_MS);
}

const boxes = [...form.querySelectorAll("[data-slide-from]")];
boxes.forEach(addSlider);
// Typed before this script was there, or brought back by the browser.
if (boxes.some((box) => box.value !== box.defaultValue)) askSoon();
