// The list of a preview: whole groups ticked at once, how much is ticked, and every tick kept by the server at once.
// Without it, the form does the same.
(() => {
  "use strict";

  const choices = (form) => [...form.querySelectorAll("input[name=ticked]")];

  const tell = (form) => {
    const boxes = choices(form);
    const count = boxes.filter((box) => box.checked).length;
    const button = form.querySelector("[data-many]");
    const said = form.querySelector("[data-none]");
    if (!button) return;
    const words = count === 1 ? button.dataset.one : button.dataset.many.replace("#", count.toLocaleString());
    button.textContent = count ? words : button.dataset.many.replace("# ", "");
    button.disabled = !count;
    said.textContent = count ? `${count} of ${boxes.length} ticked` : said.dataset.none;
    for (const line of form.querySelectorAll("[data-number]")) {
      const box = document.getElementById(`tick-${line.dataset.number}`);
      line.classList.toggle("unticked", Boolean(box) && !box.checked);
    }
  };

  // One after the other, and to the end even where the page is left meanwhile.
  let before = Promise.resolve();
  const keep = (form, change) => {
    const headers = {
      "Content-Type": "application/json",
      "X-CSRF-Token": document.querySelector("meta[name=csrf-token]").content,
    };
    const request = { method: "PATCH", headers, body: JSON.stringify(change), keepalive: true };
    before = before
      .then(() => fetch(form.dataset.choice, request))
      .then((answer) => answer.ok)
      .catch(() => false)
      .then((kept) => {
        if (!kept) form.querySelector("[data-none]").textContent = form.dataset.lost;
      });
  };

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.name !== "ticked" || !box.form.dataset.choice) return;
    tell(box.form);
    keep(box.form, { [box.checked ? "tick" : "untick"]: [box.value] });
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choice] button[name=tick], [data-choice] button[name=untick]");
    const link = event.target.closest("a[href^='#']");
    if (button) {
      event.preventDefault();
      for (const line of button.closest("details").querySelectorAll("[data-number]")) {
        document.getElementById(`tick-${line.dataset.number}`).checked = button.name === "tick";
      }
      tell(button.form);
      keep(button.form, { [button.name]: button.value });
    } else if (link) {
      document.getElementById(link.hash.slice(1))?.closest("details")?.setAttribute("open", "");
    }
  });

  const prepare = () => document.querySelectorAll("form[data-choice]").forEach(tell);
  document.addEventListener("DOMContentLoaded", prepare);
  document.addEventListener("htmx:afterSettle", prepare);
})();
