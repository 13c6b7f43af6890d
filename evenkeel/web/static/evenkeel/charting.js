/*
 * Charting fast: Enter goes on to the next box of a check and saves after the last one; an event is written with one
 * tap, without leaving the page, so that a check that is half typed stays as it is.
 */

function boxesOf(check) {
  return [...check.querySelectorAll("input[inputmode]")];
}

document.addEventListener("keydown", (event) => {
  const check = event.key === "Enter" && event.target.closest?.("[data-check]");
  if (!check || !event.target.matches("input[inputmode]")) return;
  event.preventDefault();
  const boxes = boxesOf(check);
  const next = boxes[boxes.indexOf(event.target) + 1];
  // The button is pressed and not the form sent, so that a value that is not likely is asked about first.
  if (next) next.focus();
  else event.target.form.querySelector("button[type=submit], button:not([type])")?.click();
});

/* Saved: the chart as it then is. Waiting on this tablet: "queued". Otherwise null, and an ordinary form is sent. */
async function save(form) {
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin" });
  if (answer.status === 202) return "queued";
  const isSaved = answer.ok && answer.redirected && new URL(answer.url).pathname.endsWith("/chart/");
  return isSaved ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}

async function tap(form, button) {
  button?.setAttribute("aria-busy", "true");
  const chart = await save(form).catch(() => null);
  button?.removeAttribute("aria-busy");
  delete form.dataset.sent;
  if (!chart) {
    // The same key goes with it, so that what was saved all the same lands once.
    form.dataset.plainly = "yes";
    form.requestSubmit(button);
    return;
  }
  form.querySelector("[name=idempotency_key]").value = crypto.randomUUID();
  if (chart === "queued") return;
  const [here, fresh] = [document, chart].map((each) => each.querySelector("[data-saved]"));
  if (here && fresh) here.innerHTML = fresh.innerHTML;
}

// After page.js, which stamps a form that may wait on the tablet and lets none be sent twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.closest("[data-taps]") || form.dataset.plainly) return;
  event.preventDefault();
  tap(form, event.submitter);
});
