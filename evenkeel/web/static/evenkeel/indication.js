/*
 * Beside the choice of an indication stands what is known about the one that is chosen. Without this script all of
 * them stand folded up under the choice, as they still do with it.
 */
const select = document.querySelector('select[name="indication"]');
const shown = document.querySelector("[data-chosen-evidence]");

function show() {
  const known = document.querySelector(`[data-evidence-of="${CSS.escape(select.value)}"] dd`);
  shown.replaceChildren(...(known ? [...known.cloneNode(true).childNodes] : []));
  shown.hidden = !known;
}

if (select && shown) {
  select.addEventListener("change", show);
  show();
}
