/*
 * The box for a label's code. A scanner types the code and ends with Enter, which asks the server what the code says
 * and never sends the form. The answer is filled into the boxes below, each marked as scanned until somebody changes
 * it. What an earlier code filled in is taken out when the next one is read, so that no two vials mix in one form; only
 * a code that names no product, such as a second one on the same vial, leaves the product standing.
 *
 * Where the form lists what is in stock, each row bears data-scan-row with data-product and data-lot. The code then picks
 * the one row that it fits: the row is marked and shown, and its radio button or tick box is set. The focus stays, so that
 * the next vial is scanned into the same box.
 */
import { startCamera } from "./scan_camera.js";

const GS = "\x1d";
// How GS stands in the box: no font draws GS, and this letter is in no GS1 value.
const SHOWN_GS = "|";
const SIGNED_OUT = "You are signed out, or the server does not answer. The code was not read; fill in the boxes by hand.";
const MARK = "✓ scanned";

function newMark() {
  const mark = document.createElement("span");
  mark.className = "ek-scan__mark";
  mark.textContent = MARK;
  return mark;
}

function start(box) {
  const input = box.querySelector("[data-scan-box]");
  const { form } = input;
  const words = box.querySelector("[data-scan-words]");
  const targets = { product: box.dataset.fillsProduct, lot: box.dataset.fillsLot, expiry_date: box.dataset.fillsExpiryDate };
  const filled = new Map();
  let asked = input.value;
  let turn = 0;
  let isFilling = false;

  function say(sentence, state = "") {
    words.textContent = sentence;
    words.dataset.state = state;
  }

  function controls(name) {
    return [...form.elements].filter((each) => each.name === name);
  }

  function canBeChosen(name, value) {
    const [first] = controls(name);
    if (first?.type === "radio") return controls(name).some((each) => each.value === value);
    return first?.tagName !== "SELECT" || [...first.options].some((each) => each.value === value);
  }

  function put(name, value) {
    const boxes = controls(name);
    const box = boxes[0]?.type === "radio" ? boxes.find((each) => each.value === value) : boxes[0];
    if (box.type === "radio") box.checked = true;
    else box.value = value;
    for (const event of ["input", "change"]) box.dispatchEvent(new Event(event, { bubbles: true }));
    mark(name);
  }

  function empty(name) {
    for (const control of controls(name)) {
      if (control.type === "radio") control.checked = false;
      else control.value = "";
    }
    takeMark(name);
  }

  function mark(name) {
    const [first] = controls(name);
    const beside = first.type === "radio" ? first.closest("fieldset").querySelector("legend") : form.querySelector(`label[for="${first.id}"]`);
    const said = newMark();
    takeMark(name);
    beside.append(" ", said);
    filled.set(name, said);
  }

  /* A box that a person changes is theirs: the mark goes, and the next code leaves it alone. */
  function takeMark(name) {
    filled.get(name)?.remove();
    filled.delete(name);
  }

  function takeBack() {
    for (const name of [...filled.keys()]) empty(name);
  }

  function chosenProduct() {
    const boxes = targets.product ? controls(targets.product) : [];
    return (boxes[0]?.type === "radio" ? boxes.find((each) => each.checked) : boxes[0])?.value;
  }

  /* A code may hold the product alone, or on a second label the lot alone. */
  function isOf(row, told) {
    const sameProduct = !told.product || row.dataset.product === told.product;
    return (told.product || told.lot) && sameProduct && (!told.lot || row.dataset.lot === told.lot);
  }

  /* Picks the row that the code fits; a code that fits none or several is refused, and the person picks. */
  function pick(rows, told) {
    const fits = rows.filter((row) => isOf(row, told));
    if (fits.length !== 1) {
      const why = fits.length ? "Several of these are listed here: pick by the label." : "It is not among those listed here.";
      throw new Error(`${told.sentence} ${why}`);
    }
    const [row] = fits;
    const chosen = row.querySelector("input[type=radio], input[type=checkbox]");
    const folded = row.closest("details");
    if (folded) folded.open = true;
    if (chosen && !chosen.checked) chosen.click();
    if (!row.querySelector(".ek-scan__mark")) (row.querySelector("label, th, td") ?? row).append(" ", newMark());
    row.scrollIntoView({ block: "nearest" });
    say(`${told.sentence} Compare it with the label.`, "read");
  }

  /* Of several only one is chosen: what an earlier code chose is given up when the next one is read. */
  function unpick() {
    for (const row of form.querySelectorAll("[data-scan-row]")) {
      const chosen = row.querySelector("input[type=radio]");
      const said = row.querySelector(".ek-scan__mark");
      if (!chosen || !said) continue;
      said.remove();
      chosen.checked = false;
    }
  }

  function fill(told) {
    const ofAnother = told.product && chosenProduct() && told.product !== chosenProduct();
    for (const [said, name] of Object.entries(targets)) {
      if (!name) continue;
      // Lot and expiry of another product are of another vial, also when they were typed.
      if (filled.has(name) ? told.product || said !== "product" : ofAnother) empty(name);
    }
    if (told.product && targets.product && !canBeChosen(targets.product, told.product)) {
      throw new Error(`${told.sentence} This product cannot be chosen here.`);
    }
    isFilling = true;
    for (const [said, name] of Object.entries(targets)) if (name && told[said]) put(name, told[said]);
    isFilling = false;
    say(`${told.sentence} Compare it with the label.`, "read");
  }

  async function ask(text) {
    const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    const body = new URLSearchParams({ scan: text });
    const reply = await fetch(box.dataset.scanUrl, { method: "POST", headers, body, redirect: "error" });
    const isJson = reply.headers.get("Content-Type")?.startsWith("application/json");
    if (!isJson) throw new Error(SIGNED_OUT);
    const told = await reply.json();
    if (!reply.ok) throw new Error(told.sentence);
    return told;
  }

  async function read() {
    const mine = ++turn;
    asked = input.value;
    say("");
    // The next scan takes the place of this one, also while the server is still asked.
    if (document.activeElement === input) input.select();
    if (!asked.trim()) return;
    try {
      const told = await ask(asked);
      const rows = [...form.querySelectorAll("[data-scan-row]")];
      if (mine === turn) unpick();
      if (mine === turn && rows.length) pick(rows, told);
      else if (mine === turn) fill(told);
    } catch (error) {
      if (mine !== turn) return;
      takeBack();
      unpick();
      say(error instanceof TypeError ? SIGNED_OUT : error.message, "refused");
    }
  }

  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      read();
    } else if (event.ctrlKey && !event.altKey && (event.key === "]" || event.code === "BracketRight")) {
      // Scanners that type send GS as Ctrl+], which no browser writes into a box.
      event.preventDefault();
      input.setRangeText(SHOWN_GS, input.selectionStart, input.selectionEnd, "end");
    }
  });
  // Some scanners end with Tab.
  input.addEventListener("change", () => {
    if (input.value !== asked) read();
  });
  for (const event of ["input", "change"]) {
    form.addEventListener(event, (happened) => {
      if (!isFilling && happened.target !== input) takeMark(happened.target.name);
      // A radio button that a person sets is theirs, and the mark on another one says nothing any more.
      if (happened.target.type !== "radio") return;
      for (const row of form.querySelectorAll("[data-scan-row]")) {
        if (row.querySelector("input[type=radio]")?.checked === false) row.querySelector(".ek-scan__mark")?.remove();
      }
    });
  }
  box.querySelector("[data-scan-read]").addEventListener("click", () => {
    input.focus();
    read();
  });
  // A page that came back: what stands there is still the code's.
  for (const said of (box.dataset.scanAgrees ?? "").split(" ")) if (targets[said]) mark(targets[said]);
  startCamera(box, (code) => {
    input.value = code.replaceAll(GS, SHOWN_GS);
    input.focus();
    read();
  });
  box.querySelector("[data-scan-buttons]").hidden = false;
}

document.querySelectorAll("[data-scan]").forEach(start);
