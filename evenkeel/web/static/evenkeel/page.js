/* What every page runs: the form kit's behavior, ages and countdowns, unlikely values, live fragments. */
import { initAll } from "../vendor/nhsuk-frontend/nhsuk-frontend.min.js";
import { startClock } from "./clock.js";
import { startIdle } from "./idle.js";
import { startLive } from "./live.js";
import { startOffline } from "./offline.js";
import { startUnlikely } from "./unlikely.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
initAll();
startClock();
startUnlikely();
startLive();
startIdle();
startOffline();

// A form sent twice lands once on the server; this only spares people the wait.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-ek-form]") || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
});
