/*
 * The second person's passkey. The button asks the server for a challenge to the person who is chosen, the browser asks
 * for the passkey, and the answer waits in the form until it is sent. Another name or a typed password takes it back.
 */
const WORDS = {
  cancelled: "The passkey was not used: it was cancelled, took too long, or this device has none of theirs. They can try again or type their password.",
  broken: "The passkey could not be used on this device. They type their password.",
  signedOut: "You are signed out, or the server does not answer. Nothing was asked of the passkey.",
};

function start(box) {
  const form = box.closest("form");
  const person = form.elements.second_person;
  const password = form.elements.password_of_second;
  const answer = form.elements.passkey_of_second;
  const words = box.querySelector("[data-passkey-words]");
  const button = box.querySelector("[data-use-passkey]");

  function say(sentence, state = "") {
    words.textContent = sentence;
    words.dataset.state = state;
  }

  function takeBack() {
    if (answer.value) say("");
    answer.value = "";
  }

  async function challenge() {
    const asked = new URLSearchParams({ second_person: person.value, idempotency_key: form.elements.idempotency_key.value });
    const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    const reply = await fetch(box.dataset.passkeyUrl, { method: "POST", headers, body: asked, redirect: "error" });
    const isJson = reply.headers.get("Content-Type")?.startsWith("application/json");
    if (!isJson) throw new Error(WORDS.signedOut);
    const told = await reply.json();
    if (!reply.ok) throw new Error(told.sentence);
    return told;
  }

  async function usePasskey() {
    takeBack();
    say("");
    button.disabled = true;
    try {
      const options = await challenge().catch((error) => {
        throw error instanceof TypeError ? new Error(WORDS.signedOut) : error;
      });
      const name = person.selectedOptions[0].textContent;
      const asked = person.value;
      say(`${name}: follow what your device asks.`);
      const credential = await window.webauthnJSON.get(options).catch((error) => {
        throw new Error(error.name === "NotAllowedError" ? WORDS.cancelled : WORDS.broken);
      });
      if (person.value !== asked) return;
      answer.value = JSON.stringify(credential);
      password.value = "";
      say(`✓ The passkey of ${name} was read. Send the form within five minutes.`, "read");
    } catch (error) {
      say(error.message, "refused");
    } finally {
      button.disabled = false;
    }
  }

  person.addEventListener("change", () => {
    takeBack();
    say("");
  });
  password.addEventListener("input", takeBack);
  button.addEventListener("click", usePasskey);
  box.querySelector("[data-with-passkey]").hidden = false;
}

if (window.PublicKeyCredential && window.webauthnJSON) document.querySelectorAll("[data-second-person]").forEach(start);
