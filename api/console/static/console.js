/* What the pages do beyond links and forms, which work without it as well. */
(() => {
  "use strict";

  const page = document.documentElement;
  const typing = (element) => element.closest("input, select, textarea, [contenteditable]") !== null;

  /* Dates are written by the server, in the zone that this cookie names. */
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && page.dataset.zone && zone !== page.dataset.zone && !document.cookie.includes(`everfold_zone=${zone}`)) {
    document.cookie = `everfold_zone=${zone}; path=/; max-age=31536000; samesite=strict`;
    location.reload();
  }

  /* Where one is stands in view, also where a row of links is longer than a phone is wide. */
  for (const row of document.querySelectorAll("nav, .tabs")) {
    const here = row.querySelector("[aria-current]");
    if (here && row.scrollWidth > row.clientWidth) row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
  }

  /* Keys: / to search, ? for help, j and k through what is listed, g and a letter to another page. */
  let going = false;

  function step(by) {
    const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
    (next?.matches("a") ? next : next?.querySelector("a, summary"))?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
    if (going) {
      going = false;
      document.querySelector(`nav [data-key="${CSS.escape(event.key)}"]`)?.click();
      return;
    }
    switch (event.key) {
      case "/": document.getElementById("search")?.focus(); break;
      case "?": document.getElementById("keys")?.showModal(); break;
      case "j": step(1); break;
      case "k": step(-1); break;
      case "g": going = true; break;
      default: return;
    }
    event.preventDefault();
  });

  /* What is suggested below the search field: arrows go through it, Escape goes back to the page. */
  document.addEventListener("keydown", (event) => {
    const find = event.target.closest(".find");
    if (!find) return;
    const field = document.getElementById("search");
    const found = [...find.querySelectorAll("#suggested a")].filter((link) => link.checkVisibility());
    const places = [field, ...found];
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) places[(places.indexOf(document.activeElement) + by + places.length) % places.length].focus();
    else if (event.key === "Escape") document.activeElement.blur();
    else return;
    event.preventDefault();
  });

  /* Ticks: one for all that are shown, and how many there are. */
  document.addEventListener("change", (event) => {
    const box = event.target.closest(".ticked input[type=checkbox]");
    if (!box) return;
    const name = box.dataset.all ?? box.name;
    const boxes = [...box.form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    if (box.dataset.all) boxes.forEach((one) => { one.checked = box.checked; });
    const ticked = boxes.filter((one) => one.checked).length;
    const told = box.form.querySelector(".ticks");
    if (told) told.textContent = `${ticked} ticked`;
  });

  /* A time slider moves the moment of the form around it: to the end of the day that it points at. */
  function move(slider) {
    const moment = slider.form.elements.as_of;
    const last = Number(slider.value) >= Number(slider.max);
    moment.value = last ? "" : `${new Date(slider.value * 86400000).toISOString().slice(0, 10)}T23:59`;
    slider.form.dispatchEvent(new Event("moved"));
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-slider]")) move(event.target);
  });

  let playing = null;

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-play]");
    if (!button) return;
    const slider = button.form.querySelector("[data-slider]");
    const stop = () => {
      clearInterval(playing);
      playing = null;
      button.setAttribute("aria-pressed", "false");
    };
    if (playing) return stop();
    if (slider.value === slider.max) slider.value = slider.min;
    button.setAttribute("aria-pressed", "true");
    const stride = Math.max(1, Math.round((slider.max - slider.min) / 60));
    playing = setInterval(() => {
      slider.value = Number(slider.value) + stride;
      move(slider);
      if (slider.value === slider.max || !slider.isConnected) stop();
    }, 500);
  });

  /* What others do shows on its own: pages that ask for it hear that something has changed, and fetch themselves. */
  const live = document.body.dataset.live;
  if (live) {
    const changes = new EventSource(live);
    let waiting = null;
    changes.addEventListener("changed", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => document.body.dispatchEvent(new Event("changed")), 200);
    });
    addEventListener("pagehide", () => changes.close());
  }

  /* A request that came to nothing must not look as if nothing had been asked. */
  document.addEventListener("htmx:error", () => {
    document.getElementById("offline").hidden = false;
  });
  document.addEventListener("htmx:after:request", () => {
    document.getElementById("offline").hidden = true;
  });
})();
