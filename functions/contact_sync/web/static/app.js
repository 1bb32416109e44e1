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

  // Where the server cannot be reached nothing is swapped in that could tell it.
  const reached = (whether) => {
    let told = document.getElementById("unreachable");
    if (whether) {
      told?.remove();
    } else if (!told) {
      document.getElementById("saved")?.replaceChildren();
      told = document.createElement("p");
      told.id = "unreachable";
      told.className = "notice bad";
      told.setAttribute("role", "alert");
      told.textContent = "There is no connection. What you did last was not saved: do it again in a moment.";
      document.body.append(told);
    }
  };
  document.addEventListener("htmx:sendError", (event) => {
    if (event.detail.requestConfig.verb !== "get") reached(false);
  });
  document.addEventListener("htmx:afterOnLoad", () => reached(true));

  document.addEventListener("DOMContentLoaded", () => localise(document));
  document.addEventListener("htmx:afterSettle", () => localise(document));
  document.documentElement.classList.add("scripted");
})();
