// One key for each decision. Everything here is a button or a link that works without it.

const ROW = "#result_list tbody tr";
const PLACE = "review-place";

const rows = () => [...document.querySelectorAll(ROW)];
let current = -1;

function select(index) {
  const all = rows();
  if (!all.length) return;
  current = Math.min(Math.max(index, 0), all.length - 1);
  all.forEach((row, at) => row.classList.toggle("is-current", at === current));
  const row = all[current];
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function control(key) {
  const within = current >= 0 ? rows()[current] : document.querySelector("[data-review]");
  return within?.querySelector(`[data-key="${key}"]`);
}

function press(key) {
  const found = control(key);
  if (!found) return;
  if (found.matches("input")) found.focus();
  else found.click();
}

const OF_LIST = {
  j: () => select(current + 1),
  k: () => select(current - 1),
  o: () => rows()[current]?.querySelector("th a")?.click(),
  x: () => rows()[current]?.querySelector(".action-select")?.click(),
};

function onKey(event) {
  const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (!"jkarox".includes(key)) return;
  event.preventDefault();
  if (rows().length && OF_LIST[key]) OF_LIST[key]();
  else press(key);
}

// After a decision the row that came after it has its place, unless the list keeps both.
function remember(event) {
  const button = event.submitter;
  if (button?.name !== "id") return;
  const place = rows().indexOf(button.closest("tr"));
  sessionStorage.setItem(PLACE, JSON.stringify({ place, id: button.value }));
}

function comeBack() {
  const stored = JSON.parse(sessionStorage.getItem(PLACE) || "null");
  sessionStorage.removeItem(PLACE);
  if (!stored) return;
  const row = rows()[stored.place];
  const isSame = row?.querySelector(".action-select")?.value === stored.id;
  select(stored.place + (isSame ? 1 : 0));
}

function begin() {
  const hint = document.querySelector("[data-review-keys]");
  if (!hint) return;
  hint.hidden = false;
  document.addEventListener("keydown", onKey);
  document.querySelector("#changelist-form")?.addEventListener("submit", remember);
  comeBack();
}

document.addEventListener("DOMContentLoaded", begin);
