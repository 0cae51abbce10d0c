// The queue looks again by itself, and filters without a new page. Without this script both are ordinary links and
// forms. htmx fetches and swaps; this says when, and what a screen reader hears of it.
const EVERY = 30_000; // milliseconds

const said = document.getElementById("queue-said");
const list = () => document.getElementById("queue");
const ids = () => new Set([...list().querySelectorAll("input[name=enrollment]")].map((tick) => tick.value));
const TYPES = "select, textarea, input:not([type=checkbox]):not([type=hidden])";

let before = new Set();
let byItself = false;
let wasInside = false;

// Nothing moves under somebody's hands: not while they choose people or type, nor behind a dialog.
function inUse() {
  const ticked = list().querySelector("input[name=enrollment]:checked");
  const busy = document.querySelector("dialog[open]") || document.body.classList.contains("is-gone");
  return document.hidden || ticked || busy || document.activeElement?.matches(TYPES);
}

function look() {
  if (!list() || inUse()) return;
  window.htmx.trigger(list(), "queue:look");
}

function say() {
  const now = ids();
  if (!byItself) {
    said.textContent = said.dataset.shown.replace("{n}", now.size);
    return;
  }
  const fresh = [...now].filter((id) => !before.has(id)).length;
  const gone = [...before].filter((id) => !now.has(id)).length;
  const words = fresh && gone ? said.dataset.both : fresh ? said.dataset.new : gone ? said.dataset.gone : "";
  if (words) said.textContent = words.replace("{n}", fresh || gone).replace("{m}", gone);
}

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  byItself = event.detail.requestConfig.path.startsWith("/staff/queue/now");
  if (xhr.status === 200 && xhr.responseText.includes("data-queue")) {
    // Somebody may have begun to tick or type while the answer was on its way.
    if (byItself && inUse()) event.detail.shouldSwap = false;
    before = ids();
    wasInside = list().contains(document.activeElement);
    return;
  }
  // Signed out, or an error: never another page inside this one.
  event.detail.shouldSwap = false;
  event.detail.isError = false;
  if (!byItself) window.location.assign(event.detail.pathInfo.finalRequestPath);
});

document.body.addEventListener("htmx:afterSettle", () => {
  if (wasInside && document.activeElement === document.body) list().focus({ preventScroll: true });
  say();
});

setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
