// What is shown of an endorsement to whom it belongs.

import { during, fill } from "./me_forms.js";

const STATUSES = {
  pending: "A person has yet to review it. Nobody else sees it.",
  approved: "It was accepted, and is shown to nobody.",
  public: "It was accepted, and everybody can see it.",
  rejected: "It was not accepted. Nobody else sees it. A new statement is reviewed again.",
  withdrawn: "You withdrew it. Nobody else sees it. You can endorse the campaign once more.",
};

/** The form of an endorsement; `change` sends what was changed, and `refresh` reads all anew. */
export function card(endorsement, url, change, refresh) {
  const shown = document.getElementById("endorsement").content.cloneNode(true).firstElementChild;
  const form = shown.querySelector("form");
  const { statement, public_display: display } = form.elements;
  for (const label of form.querySelectorAll("[data-for]")) {
    const field = form.elements[label.dataset.for];
    label.htmlFor = field.id = `${label.dataset.for}-${endorsement.id}`;
  }
  const error = form.querySelector(".error");
  error.id = `statement-${endorsement.id}-error`;
  statement.setAttribute("aria-describedby", error.id);

  function render(answer) {
    endorsement = answer;
    fill(shown, {
      campaign: endorsement.campaign.title,
      status: STATUSES[endorsement.public ? "public" : endorsement.status],
      waiting: endorsement.statement || "(No statement)",
    });
    const words = endorsement.waiting?.statement;
    shown.querySelector("[data-waiting]").hidden = words === undefined;
    statement.value = words ?? endorsement.statement;
    display.checked = endorsement.public_display;
    const isWithdrawn = endorsement.status === "withdrawn";
    form.querySelector("[data-statement]").hidden = isWithdrawn;
    form.querySelector("[data-withdraw]").hidden = ["withdrawn", "rejected"].includes(endorsement.status);
  }

  /** What waits of the person may wait with it no more. */
  async function renderWithDetails(answer) {
    render(answer);
    await refresh();
  }

  render(endorsement);
  form.addEventListener("submit", (event) =>
    during(event, () => {
      const known = endorsement.waiting?.statement ?? endorsement.statement;
      const changes = {};
      if (statement.value.trim() !== known) changes.statement = statement.value;
      if (display.checked !== endorsement.public_display) changes.public_display = display.checked;
      return change(form, url, changes, renderWithDetails);
    }),
  );
  form.querySelector("[data-withdraw]").addEventListener("click", () =>
    during({ preventDefault() {}, target: form }, () =>
      change(form, url, { status: "withdrawn" }, renderWithDetails),
    ),
  );
  return shown;
}
