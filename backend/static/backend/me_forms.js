// What the forms of the page of one's data have in common.

/** Nothing else can be sent until it is done. */
export async function during(event, act) {
  event.preventDefault();
  const form = event.target;
  const buttons = form.querySelectorAll("button");
  const focused = document.activeElement;
  for (const button of buttons) button.disabled = true;
  try {
    await act(form);
  } finally {
    for (const button of buttons) button.disabled = false;
    // What is disabled loses the focus.
    if (document.activeElement === document.body) focused.focus();
  }
}

/** What the server says of each field, beside it. */
export function tell(form, { answer }) {
  for (const { pointer, message } of answer.errors ?? []) {
    const name = pointer?.split("/")[1];
    const place = form.querySelector(`#${CSS.escape(name ?? "")}-error`) ?? form.querySelector(".error");
    if (!place) return said(form, message);
    place.textContent = message;
    for (const field of fieldsOf(form, name)) field.setAttribute("aria-invalid", "true");
  }
  form.querySelector("[aria-invalid=true]")?.focus();
}

function fieldsOf(form, name) {
  const names = name === "location" ? ["latitude", "longitude"] : [name];
  return names.map((each) => form.elements[each]).filter(Boolean);
}

export function clear(form) {
  for (const place of form.querySelectorAll(".error, .said")) place.textContent = "";
  for (const field of form.elements) field.removeAttribute("aria-invalid");
}

export function said(form, text) {
  form.querySelector(".said").textContent = text;
}

export function fill(element, texts) {
  for (const place of element.querySelectorAll("[data-text]")) {
    if (place.dataset.text in texts) place.textContent = texts[place.dataset.text];
  }
}

export function element(name, text) {
  return Object.assign(document.createElement(name), { textContent: text });
}

export function placeOf(latitude, longitude) {
  if (!latitude && !longitude) return null;
  return { type: "Point", coordinates: [longitude, latitude].map((each) => (each ? Number(each) : null)) };
}
