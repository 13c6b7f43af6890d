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

export function startUnlikely() {
  document.addEventListener("input", (event) => {
    const input = event.target;
    if (input.matches?.("[data-unlikely-below], [data-unlikely-above]")) question(input)?.remove();
  });
  document.addEventListener("submit", (event) => {
    const open = [];
    for (const input of event.target.querySelectorAll("[data-unlikely-below], [data-unlikely-above]")) {
      if (!isUnlikely(input)) continue;
      const asked = question(input);
      if (!asked) open.push(ask(input));
      else if (!asked.querySelector("input").checked) open.push(asked.querySelector("input"));
    }
    if (open.length) {
      event.preventDefault();
      open[0].focus();
    }
  });
}
