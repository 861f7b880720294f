// Buttons that write tags around what is selected, and a preview as the server would store it.

const PAUSE_MS = 400;
const pending = new WeakMap();

const root = (element) => element.closest("[data-rich-text]");

function wrapped(tag, text) {
  if (tag === "a") return [`<a href="https://">`, text, "</a>"];
  if (tag !== "ul") return [`<${tag}>`, text, `</${tag}>`];
  const items = text.split("\n").map((line) => `<li>${line.trim()}</li>`);
  return ["<ul>\n", items.join("\n"), "\n</ul>"];
}

function write(button) {
  const area = root(button).querySelector("textarea");
  const { selectionStart: start, selectionEnd: end } = area;
  const [before, text, after] = wrapped(button.dataset.tag, area.value.slice(start, end));
  area.setRangeText(before + text + after, start, end);
  area.focus();
  area.setSelectionRange(start + before.length, start + before.length + text.length);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

async function show(editor) {
  const body = new FormData();
  body.set("html", editor.querySelector("textarea").value);
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  const response = await fetch(editor.dataset.richText, { method: "POST", body });
  const preview = editor.querySelector(".rich-preview");
  if (response.ok) preview.innerHTML = (await response.json()).html;
  else preview.textContent = "No preview: the server did not answer.";
}

function showSoon(editor) {
  if (!editor.querySelector("details").open) return;
  clearTimeout(pending.get(editor));
  pending.set(editor, setTimeout(() => show(editor), PAUSE_MS));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-rich-text] button[data-tag]");
  if (button) write(button);
});
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-rich-text] textarea")) showSoon(root(event.target));
});
// It does not bubble.
document.addEventListener("toggle", (event) => {
  if (event.target.matches("[data-rich-text] details")) showSoon(root(event.target));
}, true);
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-rich-text] > [hidden]").forEach((part) => { part.hidden = false; });
});
