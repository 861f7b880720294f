// Blocks are put in order by dragging, by buttons or by numbers: all of them write the numbers.

const GROUP = ".blocks";
const BLOCK = ".inline-related.block:not(.empty-form)";
const NUMBER = ".block-order input";

const blocks = () => [...document.querySelectorAll(`${GROUP} ${BLOCK}`)];
const numberOf = (block) => block.querySelector(NUMBER);

function renumber() {
  blocks().forEach((block, at) => {
    const number = numberOf(block);
    if (number) number.value = at + 1;
  });
}

function say(block) {
  const title = block.querySelector(".inline_label").textContent.trim();
  const status = document.querySelector("[data-blocks-status]");
  status.textContent = `${title}: position ${blocks().indexOf(block) + 1} of ${blocks().length}`;
}

function place(block, position) {
  const others = blocks().filter((each) => each !== block);
  const at = Math.min(Math.max(position - 1, 0), others.length);
  if (others[at]) others[at].before(block);
  else others.at(-1)?.after(block);
  renumber();
  say(block);
}

function move(button) {
  const block = button.closest(BLOCK);
  place(block, blocks().indexOf(block) + 1 + Number(button.dataset.blockMove));
  button.focus();
}

// Pointer events serve mice, pens and fingers alike.
function drag(event) {
  const grip = event.target.closest("[data-block-grip]");
  if (!grip || event.button) return;
  event.preventDefault();
  const block = grip.closest(BLOCK);
  block.classList.add("is-dragged");
  const follow = ({ clientY }) => {
    const next = blocks().find((each) => {
      const { top, height } = each.getBoundingClientRect();
      return each !== block && clientY < top + height / 2;
    });
    if (next && next.previousElementSibling !== block) next.before(block);
    else if (!next && blocks().at(-1) !== block) blocks().at(-1).after(block);
  };
  const drop = () => {
    document.removeEventListener("pointermove", follow);
    document.removeEventListener("pointerup", drop);
    document.removeEventListener("pointercancel", drop);
    block.classList.remove("is-dragged");
    renumber();
    say(block);
  };
  // On the document: a captured pointer is lost with the element's place.
  document.addEventListener("pointermove", follow);
  document.addEventListener("pointerup", drop);
  document.addEventListener("pointercancel", drop);
}

function begin() {
  const group = document.querySelector(GROUP);
  if (!group) return;
  group.querySelectorAll("[data-block-grip], [data-block-move]").forEach((part) => {
    part.hidden = false;
  });
  group.addEventListener("pointerdown", drag);
  group.addEventListener("click", (event) => {
    const button = event.target.closest("[data-block-move]");
    if (button) move(button);
  });
  group.addEventListener("change", (event) => {
    if (event.target.matches(NUMBER)) place(event.target.closest(BLOCK), event.target.valueAsNumber);
  });
  document.addEventListener("formset:added", renumber);
}

document.addEventListener("DOMContentLoaded", begin);
