// The only script on an ordinary page. Everything works without it; with it, the design system adds focus on the list
// of errors, "show password", and a guard against double clicks.
import { initAll } from "../vendor/govuk-frontend-6.3.0/frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
