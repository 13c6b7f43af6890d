/*
 * "Really 240 mmHg?" A value outside what is likely is asked about once, beside its box, before the form is sent.
 * The answer travels as <name>_really=on. What is refused outright is the server's to say.
 */
function isUnlikely(input) {
  const value = Number(input.value.trim());
  if (input.value.trim() === "" || !Number.isFinite(value)) return false;
  const { unlikelyBelow: below, unlikelyAbove: above } = input.dataset;
  return (below !== undefined && value < Number(below)) || (above !== undefined && value > Number(above));
}

function ask(input) {
  const box = document.createElement("div");
  box.className = "ek-really";
  box.setAttribute("role", "alert");
  const label = document.createElement("label");
  const tickBox = document.createElement("input");
  tickBox.type = "checkbox";
  tickBox.name = `${input.name}_really`;
  const unit = input.dataset.unit ? ` ${input.dataset.unit}` : "";
  label.append(tickBox, `Really ${input.value.trim()}${unit}? Tick if it is so, or mend it.`);
  box.append(label);
  (input.closest(".nhsuk-form-group") || input.parentElement).append(box);
  return tickBox;
}

function question(input) {
  const group = input.closest(".nhsuk-form-group") || input.parentElement;
  return group.querySelector(".ek-really");
}

/* Asks what is still to be asked of a form; a form with an open question is not sent. */
function stopWhileOpen(event, form) {
  const open = [];
  for (const input of form.querySelectorAll("[data-unlikely-below], [data-unlikely-above]")) {
    if (!isUnlikely(input)) continue;
    const asked = question(input);
    if (!asked) open.push(ask(input));
    else if (!asked.querySelector("input").checked) open.push(asked.querySelector("input"));
  }
  if (!open.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  open[0].focus();
}

export function startUnlikely() {
  document.addEventListener("input", (event) => {
    const input = event.target;
    if (input.matches?.("[data-unlikely-below], [data-unlikely-above]")) question(input)?.remove();
  });
  // Before the button's own guard against double clicks sees it: that would swallow the click that follows the answer.
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest?.("button, input[type=submit]");
      if (button?.type === "submit" && button.form) stopWhileOpen(event, button.form);
    },
    { capture: true },
  );
  document.addEventListener("submit", (event) => stopWhileOpen(event, event.target));
}
