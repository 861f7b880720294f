// Takes the token out of the address, and sends it when somebody presses the button.

import { inMinutes, takeFromAddress, tokenIn } from "./token.js";

const form = document.getElementById("form");
const field = form.elements.token;
const button = form.querySelector("button");
const question = document.getElementById("question");
const outcome = document.getElementById("outcome");
const otherPage = document.querySelector(".other a");

takeToken();
addEventListener("hashchange", takeToken);
field.addEventListener("input", carryToken);
form.hidden = false;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const label = button.textContent;
  setButton(button.dataset.waiting, true);
  const [name, answer] = await send(tokenIn(field.value));
  setButton(label, false);
  show(name, answer);
});

function takeToken() {
  const token = takeFromAddress();
  if (!token) return;
  setToken(token);
  outcome.replaceChildren();
  keep(["question", "form"]);
}

/** None is asked for. */
function setToken(token) {
  field.value = token;
  document.getElementById("paste").hidden = Boolean(token);
  carryToken();
}

function carryToken() {
  const token = tokenIn(field.value);
  otherPage.hash = token && `token=${token}`;
}

function setButton(text, isWaiting) {
  button.disabled = isWaiting;
  button.textContent = text;
  document.getElementById("progress").textContent = isWaiting ? text : "";
}

/** The name of what came of it, and the answer. */
async function send(token) {
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
      credentials: "omit",
      signal: AbortSignal.timeout?.(30_000),
    });
    if (response.status === 204) return ["declined", {}];
    const answer = await response.json();
    const name = response.ok ? answer.status : answer.type.split("#")[1];
    return [name, { ...answer, retryAfter: response.headers.get("Retry-After") }];
  } catch {
    return ["failed", {}];
  }
}

function show(name, answer) {
  const template =
    document.querySelector(`[data-for~="${CSS.escape(name)}"]`) ??
    document.querySelector('[data-for="failed"]');
  const { keeps = "", asksAgain } = template.dataset;
  const shown = template.content.cloneNode(true);
  select(shown, answer);
  fill(shown, answer);
  outcome.replaceChildren(shown);
  keep(keeps.split(" "));
  if (asksAgain !== undefined) setToken("");
  const heading = outcome.querySelector("h1, h2");
  heading.tabIndex = -1;
  heading.focus();
}

/** Leave out what does not hold. */
function select(shown, { status, endorsement }) {
  const display = endorsement?.public_display ? "public" : "private";
  const holds = [status, endorsement?.status, display];
  for (const element of shown.querySelectorAll("[data-if]")) {
    if (!holds.includes(element.dataset.if)) element.remove();
  }
}

/** As text alone, whatever it is; what has none is left out. */
function fill(shown, { campaign, endorsement, retryAfter }) {
  const texts = {
    campaign: campaign?.title,
    statement: endorsement?.statement,
    wait: inMinutes(retryAfter),
  };
  for (const element of shown.querySelectorAll("[data-text]")) {
    element.textContent = texts[element.dataset.text];
    if (!element.textContent) element.remove();
  }
}

/** Hide what does not stay beside the outcome. */
function keep(ids) {
  for (const element of [question, form]) {
    element.hidden = !ids.includes(element.id);
  }
}
