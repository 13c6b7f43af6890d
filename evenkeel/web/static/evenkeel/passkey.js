/* Says in a sentence when a passkey could not be used; the browser's own exception helps nobody. */
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const main = document.getElementById("main");
  const cancelled = event.detail.exception?.name === "NotAllowedError";
  let box = document.getElementById("passkey-error");
  if (!box) {
    box = document.createElement("div");
    box.id = "passkey-error";
    box.className = "ek-flash ek-flash--error";
    box.setAttribute("role", "alert");
    main.prepend(box);
  }
  const words = document.createElement("p");
  words.textContent = cancelled
    ? "The passkey was not used: it was cancelled, took too long, or this device has none for you."
    : "The passkey could not be used on this device. Use your password.";
  box.replaceChildren(words);
});
