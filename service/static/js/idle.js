// A sign-in ends by itself when nobody has done anything for a while. This warns before, can put it off, and hides the
// page afterwards without losing what was typed. It counts by the clock, so that a laptop's sleep is time too, and asks
// the server before it believes itself: another window may have been busy.
const WARN = 120; // seconds before the end; service/accounts/rules/idle.py says the same
const BUSY = 60_000; // milliseconds: whoever typed or pressed so lately is there, and need not be asked

const dialog = document.getElementById("idle");
const gone = document.getElementById("gone");
const clock = document.getElementById("idle-clock");
const said = document.getElementById("idle-said");
const extendForm = document.getElementById("idle-extend");
const who = dialog?.dataset.who;
const windows = "BroadcastChannel" in window ? new BroadcastChannel("homeward-sign-in") : null;

let ends = 0; // when the sign-in ends, in milliseconds of Date.now()
let limit = 0; // when it ends whatever anybody does
let lastBusy = 0;
let isGone = false;
let isAsking = false;
let dismissed = false;
let title = document.title;
let place = 0;

const tokens = () => document.querySelectorAll('input[name="csrf_token"]');
const token = () => tokens()[0]?.value ?? "";

function lasts(seconds) {
  ends = Math.min(limit, Date.now() + seconds * 1000);
}

// null: no answer. left 0: signed out.
async function ask(path) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      body: new URLSearchParams({ csrf_token: token() }),
      headers: { Accept: "application/json" },
      redirect: "manual",
      cache: "no-store",
    });
    if (answer.type === "opaqueredirect") return { left: 0, who: "" };
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

function tell(kind) {
  windows?.postMessage({ kind, who, token: token(), ends, limit });
}

async function extend() {
  if (isAsking) return;
  isAsking = true;
  const answer = await ask("/session/extend");
  isAsking = false;
  if (answer === null) {
    said.textContent = dialog.dataset.failed;
    if (!dialog.open && !isGone) warn();
  } else if (answer.left > 0 && answer.who === who) {
    lasts(answer.left);
    close();
    tell("here");
  } else {
    leave();
  }
}

function warn() {
  const final = limit - ends < 1000;
  if (dismissed && final) return;
  document.getElementById("idle-text").hidden = final;
  document.getElementById("idle-final").hidden = !final;
  document.getElementById("idle-close").hidden = !final;
  extendForm.hidden = final;
  count();
  dialog.showModal();
  (final ? document.getElementById("idle-close") : extendForm.querySelector("button")).focus();
}

function close() {
  said.textContent = "";
  if (dialog.open) dialog.close();
}

function count() {
  const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
  clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  const step = [20, 60, 120].find((seconds) => left <= seconds);
  const words = dialog.dataset[`said-${step}`] ?? "";
  if (said.textContent !== words && said.textContent !== dialog.dataset.failed) said.textContent = words;
}

function leave() {
  if (isGone) return;
  isGone = true;
  close();
  title = document.title;
  place = window.scrollY;
  document.title = gone.querySelector("h1").textContent;
  gone.hidden = false;
  document.body.classList.add("is-gone");
  gone.focus();
}

function comeBack() {
  if (!isGone) return;
  isGone = false;
  document.title = title;
  gone.hidden = true;
  document.body.classList.remove("is-gone");
  window.scrollTo(0, place);
  document.getElementById("main")?.focus({ preventScroll: true });
}

// Our own clock says that it is over. The server knows better: somebody may have gone on in another window.
async function end() {
  leave();
  const answer = await ask("/session/status");
  if (answer !== null && answer.left > 0) {
    if (answer.who !== who) return window.location.replace("/");
    lasts(answer.left);
    comeBack();
  }
}

function tick() {
  if (isGone) return;
  const now = Date.now();
  const left = (ends - now) / 1000;
  if (left <= 0) end();
  else if (left > WARN) close();
  else if (dialog.open) count();
  else if (now - lastBusy < BUSY && limit - ends > 1000) extend();
  else warn();
}

function hear({ data }) {
  if (data.kind === "out") return leave();
  if (data.kind === "anybody") return isGone ? undefined : tell("here");
  if (data.who !== who) return window.location.replace("/"); // somebody else signed in: this is not theirs to see
  limit = Math.max(limit, data.limit);
  ends = Math.max(ends, data.ends);
  for (const field of tokens()) field.value = data.token; // signing in made the old ones worthless
  comeBack();
  tick();
}

function begin() {
  const opened = Date.now() - Math.min(performance.now(), 60_000); // the server counted from about then
  limit = opened + Number(dialog.dataset.age) * 1000;
  ends = Math.min(limit, opened + Number(dialog.dataset.left) * 1000);
  for (const sign of ["keydown", "pointerdown", "input"]) {
    document.addEventListener(sign, () => (lastBusy = Date.now()), { capture: true, passive: true });
  }
  extendForm.addEventListener("submit", (event) => {
    event.preventDefault();
    extend();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault(); // Escape is a sign of life
    if (extendForm.hidden) dismiss();
    else extend();
  });
  document.getElementById("idle-close").addEventListener("click", dismiss);
  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") === "/sign-out") tell("out");
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    if (isGone) tell("anybody");
    tick();
  });
  windows?.addEventListener("message", hear);
  tell("here");
  setInterval(tick, 1000);
  tick();
}

function dismiss() {
  dismissed = true;
  close();
}

if (dialog && gone) begin();
