/*
 * Automatic logoff as the screen shows it. Typing and touching are told to the server at most once a minute, so that a
 * long note does not end in a lost session; after body data-idle-minutes without either, what is on the screen is
 * covered. Nothing typed is lost: the page stays as it is underneath, for the person who typed it.
 *
 * A page that watches drug run (it holds an element with data-watches) is never covered and keeps its person signed
 * in: pause and stop must be in reach, and a board that goes dark hides the chair that is in trouble.
 */
const TELL_EVERY_MS = 60000;
const SURE_FOR_MS = 60000;
const LOOK_EVERY_MS = 5000;
const ANSWER_MS = 4000;

const { idleMinutes, hereUrl, person } = document.body.dataset;
let touchedAt = Date.now();
let toldAt = Date.now();
let surelyHereAt = Date.now();
let cover = null;

function touched() {
  if (cover) return;
  touchedAt = Date.now();
  if (touchedAt - toldAt < TELL_EVERY_MS) return;
  toldAt = touchedAt;
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
  if (token) fetch(hereUrl, { method: "POST", headers: { "X-CSRFToken": token }, redirect: "error" }).catch(() => {});
}

function look() {
  if (!cover && document.querySelector("[data-watches]")) touched();
  else if (!cover && Date.now() - touchedAt > Number(idleMinutes) * 60000) hide();
}

function hide() {
  cover = document.createElement("dialog");
  cover.className = "ek-cover";
  cover.setAttribute("aria-labelledby", "ek-cover-heading");
  cover.innerHTML = `
    <h1 class="ek-h1" id="ek-cover-heading">Covered</h1>
    <p data-words>Nothing was done here for ${Number(idleMinutes)} minutes. What was typed is still there.</p>
    <div class="ek-actions"><button type="button" class="nhsuk-button" data-go-on>Go on</button></div>`;
  document.body.append(cover);
  for (const each of document.body.children) if (each !== cover) each.style.visibility = "hidden";
  cover.addEventListener("cancel", (event) => event.preventDefault());
  cover.querySelector("[data-go-on]").addEventListener("click", goOn);
  cover.showModal();
}

/* Who is signed in now: the id of a person, "" for nobody, null when the server does not answer. */
async function whoIsHere() {
  try {
    const answer = await fetch(hereUrl, {
      headers: { Accept: "application/json" }, redirect: "error", signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.ok) return (await answer.json()).person;
    return answer.status === 401 ? "" : null;
  } catch {
    return null;
  }
}

function explain(now) {
  const words = cover.querySelector("[data-words]");
  if (now === null) words.textContent = "The server does not answer. Try again.";
  else if (now) words.textContent = "Somebody else is signed in now, so this page stays covered. Open it anew under your own name.";
  else words.innerHTML = 'You are signed out. What was typed is still there. <a href="/accounts/login/?next=/signed-in/" target="_blank" rel="noopener">Sign in in a new tab</a>, come back and press “Go on”.';
}

async function goOn() {
  const now = await whoIsHere();
  if (now === person) uncover();
  else explain(now);
}

/* A form that waited for long is sent only when its owner is still signed in; otherwise it stays where it is. */
async function beforeSending(event) {
  const form = event.target;
  if (form.method !== "post" || Date.now() - surelyHereAt < SURE_FOR_MS) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { submitter } = event;
  const now = await whoIsHere();
  if (now !== "" && (now === null || now === person)) {
    surelyHereAt = Date.now();
    form.requestSubmit(submitter);
    return;
  }
  hide();
  explain(now);
}

function uncover() {
  for (const each of document.body.children) each.style.visibility = "";
  cover.remove();
  cover = null;
  surelyHereAt = Date.now();
  toldAt = 0;
  touched();
}

export function startIdle() {
  if (!idleMinutes) return;
  for (const type of ["keydown", "pointerdown", "input", "scroll"]) {
    document.addEventListener(type, touched, { passive: true, capture: true });
  }
  document.addEventListener("submit", beforeSending, { capture: true });
  setInterval(look, LOOK_EVERY_MS);
  window.addEventListener("pageshow", look);
}
