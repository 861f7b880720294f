// Shows people what is held about them, and sends what they change. Nothing is asked for before
// somebody presses a button: programs open the links of mails.

import { card } from "./me_endorsements.js";
import { clear, during, element, fill, placeOf, said, tell } from "./me_forms.js";
import { ask, session } from "./me_requests.js";
import { inMinutes, takeFromAddress, tokenIn } from "./token.js";

const main = document.getElementById("main");
const notice = document.getElementById("notice");
const data = document.getElementById("data");
const forms = Object.fromEntries([...document.forms].map((form) => [form.id, form]));
const dialog = document.getElementById("sure");

const DETAILS = ["name", "organization", "role", "type", "state", "county"];
const CHOICES = ["is_public", "email_updates"];
let me = {};

enter();
addEventListener("hashchange", enter);

forms.open.addEventListener("submit", (event) => {
  session.token ||= tokenIn(forms.open.elements.token.value);
  during(event, async () => {
    if (await load()) main.querySelector("h1").focus();
  });
});
forms.ask.addEventListener("submit", (event) =>
  during(event, async () => {
    const email = forms.ask.elements.email.value;
    const answer = await ask("POST", main.dataset.links, { email });
    if (answer.status === 400) return tell(forms.ask, answer);
    say(answer.status === 202 ? "sent" : answer.name, answer);
  }),
);
forms.details.addEventListener("submit", (event) =>
  during(event, () => change(forms.details, main.dataset.me, changedDetails(), renderDetails)),
);
forms.details.elements.organization.addEventListener("input", askForAuthority);
forms.choices.addEventListener("submit", (event) =>
  during(event, () => change(forms.choices, main.dataset.me, changedChoices(), renderChoices)),
);
forms.export.addEventListener("submit", (event) => during(event, download));
forms.erase.addEventListener("submit", (event) => {
  event.preventDefault();
  dialog.returnValue = "keep";
  dialog.showModal();
});
dialog.addEventListener("close", async () => {
  if (dialog.returnValue !== "erase") return;
  const answer = await ask("DELETE", main.dataset.me);
  if (answer.status !== 204) return refuse(forms.erase, answer);
  leave("erased");
  forms.open.hidden = forms.ask.hidden = true;
});

/** Take the token out of the address; without one ask for it, or for an address to send it to. */
function enter() {
  session.token = takeFromAddress() ?? session.token;
  const { token } = session;
  if (!data.hidden) return;
  forms.open.hidden = false;
  forms.ask.hidden = Boolean(token);
  for (const element of forms.open.querySelectorAll("[data-with-token]")) element.hidden = !token;
  for (const element of forms.open.querySelectorAll("[data-without-token]"))
    element.hidden = Boolean(token);
  forms.open.elements.token.required = !token;
  main.insertBefore(...(token ? [forms.open, forms.ask] : [forms.ask, forms.open]));
}

/** Back to the entrance, with nothing of the person left on the page. */
function leave(name, answer) {
  session.token = "";
  me = {};
  data.hidden = true;
  forms.open.elements.token.value = "";
  document.getElementById("endorsements").replaceChildren();
  for (const form of [forms.details, forms.choices]) form.reset();
  fill(data, { email: "", since: "" });
  data.querySelector("dl").replaceChildren();
  enter();
  say(name, answer);
}

async function load() {
  const answer = await ask("GET", main.dataset.me);
  if (answer.status !== 200) {
    if (answer.status === 401) leave("unauthorized");
    else say(answer.name, answer);
    return false;
  }
  me = answer.answer;
  notice.replaceChildren();
  forms.open.hidden = forms.ask.hidden = true;
  data.hidden = false;
  const since = new Date(me.created_at);
  fill(data.querySelector("p"), {
    email: me.email,
    since: since.toLocaleDateString(document.documentElement.lang, { dateStyle: "long" }),
  });
  renderDetails();
  renderChoices();
  renderEndorsements();
  return true;
}

/** Send what was changed, and show what is known by now. */
async function change(form, url, changes, render) {
  clear(form);
  if (!Object.keys(changes).length) return said(form, "Nothing was changed.");
  const answer = await ask("PATCH", url, changes);
  if (answer.status === 400) return tell(form, answer);
  if (answer.status !== 200) return refuse(form, answer);
  await render(answer.answer);
  said(form, "Saved.");
}

function refuse(form, answer) {
  if (answer.status === 401) return leave("unauthorized");
  if (answer.status === 409) return said(form, answer.answer.detail);
  if (answer.status === 429) return said(form, `Please wait ${inMinutes(answer.wait)}, then try again.`);
  said(form, "That did not work. Please try again in a moment.");
}

function say(name, answer) {
  const template =
    document.querySelector(`[data-says="${CSS.escape(name)}"]`) ??
    document.querySelector('[data-says="failed"]');
  const shown = template.content.cloneNode(true);
  fill(shown, { wait: inMinutes(answer?.wait) });
  notice.replaceChildren(shown);
  notice.querySelector("h2").focus();
}

function renderDetails(answer = me) {
  me = answer;
  const fields = forms.details.elements;
  for (const name of DETAILS) fields[name].value = known(name);
  const [longitude, latitude] = known("location")?.coordinates ?? ["", ""];
  fields.latitude.value = latitude;
  fields.longitude.value = longitude;
  fields.is_authorized.checked = false;
  askForAuthority();
  const waiting = data.querySelector("[data-waiting]");
  waiting.hidden = !me.waiting;
  const rows = Object.entries(me.waiting ?? {}).flatMap(([name, value]) => [
    element("dt", labelOf(name)),
    element("dd", `${shownAs(name, value)} (until then: ${shownAs(name, me[name])})`),
  ]);
  waiting.querySelector("dl").replaceChildren(...rows);
}

/** What is or, if a change waits, is to be. */
function known(name) {
  return me.waiting && name in me.waiting ? me.waiting[name] : me[name];
}

function labelOf(name) {
  const labels = { is_public: "List me in public", email_updates: "Write to me", location: "Where you are" };
  return labels[name] ?? document.querySelector(`label[for="${name}"]`).textContent;
}

function shownAs(name, value) {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (name === "location") return value ? value.coordinates.toReversed().join(", ") : "Nowhere";
  const field = forms.details.elements[name];
  return [...(field.options ?? [])].find((each) => each.value === value)?.text ?? (value || "None");
}

/** Whoever names another organization must be allowed to. */
function askForAuthority() {
  const { organization, is_authorized } = forms.details.elements;
  const named = organization.value.trim();
  const isOther = Boolean(named) && named !== known("organization");
  document.getElementById("authorized").hidden = !isOther;
  if (!isOther) is_authorized.checked = false;
}

function changedDetails() {
  const fields = forms.details.elements;
  const changes = {};
  for (const name of DETAILS) {
    const value = fields[name].value.trim();
    if (value !== known(name)) changes[name] = value;
  }
  const place = placeOf(fields.latitude.value.trim(), fields.longitude.value.trim());
  if (JSON.stringify(place) !== JSON.stringify(known("location"))) changes.location = place;
  if (changes.organization) changes.is_authorized = fields.is_authorized.checked;
  return changes;
}

function renderChoices(answer = me) {
  me = answer;
  for (const name of CHOICES) forms.choices.elements[name].checked = known(name);
  renderDetails();
}

function changedChoices() {
  return Object.fromEntries(
    CHOICES.map((name) => [name, forms.choices.elements[name].checked]).filter(
      ([name, value]) => value !== known(name),
    ),
  );
}

function renderEndorsements() {
  data.querySelector("[data-none]").hidden = me.endorsements.length > 0;
  document.getElementById("endorsements").replaceChildren(
    ...me.endorsements.map((each) =>
      card(each, `${main.dataset.me}/endorsements/${each.id}`, change, refresh),
    ),
  );
}

/** After an endorsement changed, with which something of the person may have waited. */
async function refresh() {
  if (!me.waiting) return;
  const { status, answer } = await ask("GET", main.dataset.me);
  if (status === 200) renderChoices(answer);
}

async function download(form) {
  clear(form);
  const answer = await ask("GET", main.dataset.export);
  if (answer.status !== 200) return refuse(form, answer);
  const file = new Blob([JSON.stringify(answer.answer, null, 2)], { type: "application/json" });
  const link = Object.assign(document.createElement("a"), {
    href: URL.createObjectURL(file),
    download: "my-data.json",
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  said(form, "It is in your downloads.");
}
