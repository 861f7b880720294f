// Takes the token out of the address, and sends it when somebody presses the button.

const form = document.querySelector("form");
const field = form.elements.token;
const button = form.querySelector("button");
const outcome = document.getElementById("outcome");
const question = document.getElementById("question");

// What ends the matter; after anything else the button can be pressed again.
const FINAL = new Set([
  "confirmed",
  "already_confirmed",
  "declined",
  "token-expired",
  "endorsements-closed",
  "already-confirmed",
]);

const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (token) {
  field.value = token;
  document.getElementById("paste").hidden = true;
  document.querySelector(".other a").hash = `token=${token}`;
  // Neither the history nor a page that is gone to from here needs to know it.
  history.replaceState(null, "", location.pathname);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  const label = button.textContent;
  button.textContent = "One moment …";
  const [name, answer] = await send(field.value.replace(/\s+/g, ""));
  button.disabled = false;
  button.textContent = label;
  show(name, answer);
});

/** The name of the template that says what came of it, and the answer. */
async function send(token) {
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(30_000),
    });
    if (response.status === 204) {
      return ["declined", {}];
    }
    const answer = await response.json();
    return [response.ok ? answer.status : answer.type.split("#")[1], answer];
  } catch {
    return ["failed", {}];
  }
}

function show(name, answer) {
  const template = document.getElementById(name) ?? document.getElementById("failed");
  const shown = template.content.cloneNode(true);
  fill(shown, answer);
  outcome.replaceChildren(shown);
  question.hidden = FINAL.has(template.id);
  if (template.id === "unknown-token") {
    document.getElementById("paste").hidden = false;
    field.value = "";
  }
  const heading = outcome.querySelector("h1, h2");
  heading.tabIndex = -1;
  heading.focus();
}

/** As text alone, whatever it is. */
function fill(shown, { campaign, endorsement }) {
  const texts = { campaign: campaign?.title, statement: endorsement?.statement };
  for (const element of shown.querySelectorAll("[data-text]")) {
    element.textContent = texts[element.dataset.text];
    if (!element.textContent) {
      element.remove();
    }
  }
  const holds = {
    waits: endorsement?.status === "pending",
    public: endorsement?.public_display,
    private: !endorsement?.public_display,
  };
  for (const element of shown.querySelectorAll("[data-if]")) {
    if (!holds[element.dataset.if]) {
      element.remove();
    }
  }
}
