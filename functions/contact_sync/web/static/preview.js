// The list of a preview: whole groups ticked at once, and how much is ticked. Without it, the form does the same.
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

  document.addEventListener("change", (event) => {
    if (event.target.name === "ticked") tell(event.target.form);
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
    } else if (link) {
      document.getElementById(link.hash.slice(1))?.closest("details")?.setAttribute("open", "");
    }
  });

  const prepare = () => document.querySelectorAll("form[data-choice]").forEach(tell);
  document.addEventListener("DOMContentLoaded", prepare);
  document.addEventListener("htmx:afterSettle", prepare);
})();
