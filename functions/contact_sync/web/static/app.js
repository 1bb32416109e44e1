// The little that htmx does not do. Every page works without it.
(() => {
  "use strict";

  const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

  // Moments are written in UTC; the reader sees them in their own time.
  const localise = (root) => {
    for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
      time.dataset.local = "";
      time.title = time.textContent;
      time.textContent = moments.format(new Date(time.dateTime));
    }
  };

  document.addEventListener("DOMContentLoaded", () => localise(document));
  document.addEventListener("htmx:afterSettle", () => localise(document));
  document.documentElement.classList.add("scripted");
})();
