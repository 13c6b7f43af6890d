/*
 * The camera as a scanner, where the browser can read a DataMatrix by itself. Nothing of the picture leaves the browser.
 * The camera is let go as soon as a code is read, the dialog is closed in whatever way, or the page is left.
 */
const FORMATS = ["data_matrix", "code_128", "upc_a", "ean_13", "itf"];
const LOOK_EVERY_MS = 150;
const HOLD = "Hold one label in front of the camera.";
const TWO = "Two codes are in view. Hold one label alone in front of the camera.";
const NO_CAMERA = "The camera cannot be used: it was not allowed, or there is none. Type the code.";

async function detector() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return null;
  const formats = await window.BarcodeDetector.getSupportedFormats();
  if (!formats.includes("data_matrix")) return null;
  return new window.BarcodeDetector({ formats: FORMATS.filter((each) => formats.includes(each)) });
}

/* The one code in view; a DataMatrix says more than the bars beside it. */
function chosen(codes) {
  const matrices = codes.filter((each) => each.format === "data_matrix");
  return [...new Set((matrices.length ? matrices : codes).map((each) => each.rawValue))];
}

export async function startCamera(box, found) {
  const reader = await detector().catch(() => null);
  if (!reader) return;
  const button = box.querySelector("[data-scan-camera]");
  const dialog = box.querySelector("[data-scan-dialog]");
  const video = box.querySelector("[data-scan-video]");
  const hint = box.querySelector("[data-scan-hint]");
  let stream = null;
  let timer = null;

  function letGo() {
    clearTimeout(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
  }

  function close() {
    letGo();
    if (dialog.open) dialog.close();
  }

  async function look() {
    const codes = await reader.detect(video).catch(() => []);
    if (!stream) return;
    const values = chosen(codes);
    if (values.length === 1) {
      close();
      found(values[0]);
      return;
    }
    const words = values.length ? TWO : HOLD;
    if (hint.textContent !== words) hint.textContent = words;
    timer = setTimeout(look, LOOK_EVERY_MS);
  }

  async function open() {
    hint.textContent = "";
    dialog.showModal();
    try {
      const seen = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
      stream = seen;
      if (!dialog.open) letGo();
      if (!stream) return;
      video.srcObject = stream;
      await video.play();
      look();
    } catch {
      letGo();
      hint.textContent = NO_CAMERA;
    }
  }

  button.addEventListener("click", open);
  box.querySelector("[data-scan-stop]").addEventListener("click", close);
  dialog.addEventListener("close", letGo);
  window.addEventListener("pagehide", close);
  button.hidden = false;
}
