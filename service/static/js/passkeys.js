// Speaks with the browser's passkeys for a form that carries data-passkey: "get" shows one, "create" makes one.
// The form asks our server what to say (data-ask), puts the answer into its field `credential`, and is sent as usual.

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const named = (credentials) => (credentials ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));

async function get(options) {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    allowCredentials: named(options.allowCredentials),
  };
  const { id, rawId, type, response } = await navigator.credentials.get({ publicKey });
  return {
    id,
    rawId: toText(rawId),
    type,
    response: {
      clientDataJSON: toText(response.clientDataJSON),
      authenticatorData: toText(response.authenticatorData),
      signature: toText(response.signature),
      userHandle: response.userHandle ? toText(response.userHandle) : null,
    },
  };
}

async function create(options) {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
  const { id, rawId, type, response } = await navigator.credentials.create({ publicKey });
  return {
    id,
    rawId: toText(rawId),
    type,
    response: {
      clientDataJSON: toText(response.clientDataJSON),
      attestationObject: toText(response.attestationObject),
    },
  };
}

async function ask(form) {
  const answer = await fetch(form.dataset.ask, {
    method: "POST",
    headers: { "X-CSRFToken": form.elements.csrf_token.value, Accept: "application/json" },
  });
  // A redirect leads to a page: the sign-in has ended, or must be proved again. Loading this page anew says which.
  if (answer.redirected) {
    window.location.reload();
    return new Promise(() => {});
  }
  if (!answer.ok) throw new Error("the server did not answer");
  return answer.json();
}

function install(form) {
  const trouble = form.querySelector("[data-passkey-trouble]");
  form.querySelector("[data-passkey-button]").hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    try {
      const made = await (form.dataset.passkey === "create" ? create : get)(await ask(form));
      form.elements.credential.value = JSON.stringify(made);
    } catch {
      trouble.hidden = false;
      trouble.focus();
      return;
    }
    form.submit();
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (window.PublicKeyCredential) install(form);
  else form.querySelector("[data-passkey-absent]").hidden = false;
}
