/* The log as it grows: what is told here is only that there is more; the page then fetches itself. */
(() => {
  "use strict";

  const events = () => document.querySelector("[data-tail]");
  const tail = new EventSource(events().dataset.tail);
  let waiting = null;

  tail.addEventListener("message", () => {
    waiting ??= setTimeout(() => {
      waiting = null;
      /* who reads an event is not disturbed: it comes with the next one */
      if (!events().querySelector("details[open]")) events().dispatchEvent(new Event("grown"));
    }, 300);
  });
  addEventListener("pagehide", () => tail.close());
})();
