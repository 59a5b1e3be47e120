/* The board under the hand: a card is dragged to a stage and its own form is sent, or to Won or Lost, which ask for more. */
(() => {
  "use strict";

  let dragged = null;
  const zones = () => document.getElementById("zones");
  const over = (event) => event.target.closest?.("[data-stage], [data-zone]") ?? event.target.closest?.(".column")?.querySelector("[data-stage]");

  function mark(place) {
    for (const marked of document.querySelectorAll(".over")) if (marked !== place) marked.classList.remove("over");
    place?.classList.add("over");
  }

  document.addEventListener("dragstart", (event) => {
    const card = event.target.closest?.(".card[draggable]");
    if (!card) return;
    dragged = card;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.querySelector("h3").textContent);
    card.classList.add("dragged");
    zones().hidden = false;
  });

  document.addEventListener("dragover", (event) => {
    const place = dragged && over(event);
    mark(place);
    if (place) event.preventDefault();
  });

  document.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
    mark(null);
    if (zones()) zones().hidden = true;
  });

  document.addEventListener("drop", (event) => {
    const place = dragged && over(event);
    if (!place) return;
    event.preventDefault();
    if (place.dataset.zone) ask(place.dataset.zone, dragged);
    else if (!place.contains(dragged)) move(dragged, place);
  });

  /* The card is shown where it was dropped; what the server answers is how the board really stands. */
  async function move(card, place) {
    const form = card.querySelector("form.move");
    const values = Object.fromEntries(new FormData(form));
    delete values.chosen;
    values.to_stage = place.dataset.stage;
    const [home, next] = [card.parentElement, card.nextSibling];
    place.prepend(card);
    card.classList.add("sending");
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(values) });
      show(await answer.text());
    } catch {
      home.insertBefore(card, next);
      document.getElementById("offline").hidden = false;
    }
    card.classList.remove("sending");
  }

  /* The answer takes the board's place. A card that nothing has happened to stays the element it is, with what is open in
     it: to compare each part of a thousand cards would stop the page for seconds. */
  function show(text) {
    const here = document.getElementById("pipeline");
    const found = new DOMParser().parseFromString(text, "text/html").getElementById("pipeline");
    if (!found) return location.reload();
    const focused = document.activeElement;
    const left = here.querySelector(".board")?.scrollLeft ?? 0;
    const value = (card, name) => card.querySelector(`[name="${name}"]`)?.value;
    for (const card of found.querySelectorAll(".card")) {
      const same = document.getElementById(card.id);
      if (same?.textContent !== card.textContent || value(same, "version") !== value(card, "version")) continue;
      const key = same.querySelector('[name="form_key"]');
      if (key) key.value = value(card, "form_key");
      card.replaceWith(same);
    }
    const told = here.querySelector("[aria-live]");
    const telling = found.querySelector("[aria-live]");
    told.replaceChildren(...telling.childNodes);
    telling.replaceWith(told);
    here.replaceChildren(...found.childNodes);
    const board = here.querySelector(".board");
    if (board) board.scrollLeft = left;
    if (focused.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  }

  /* What others do: the board is fetched anew, but not while a card is under way. */
  let latest = 0;

  document.body.addEventListener("changed", async () => {
    const address = document.getElementById("pipeline").dataset.address;
    if (!address || dragged) return;
    const mine = ++latest;
    try {
      const text = await (await fetch(address)).text();
      if (mine === latest && !dragged) show(text);
      document.getElementById("offline").hidden = true;
    } catch {
      document.getElementById("offline").hidden = false;
    }
  });

  /* Winning and losing ask first: for the value, or for the reason. */
  function ask(act, card) {
    const dialog = document.getElementById(`${act}-lead`);
    const form = dialog.querySelector("form");
    const link = card.querySelector(`[data-closes="${act}"]`);
    const id = card.id.slice("lead-".length);
    form.action = `/console/leads/${id}/${act}`;
    form.elements.lead.value = id;
    form.elements.title.value = card.querySelector("h3").textContent;
    form.elements.version.value = card.querySelector('[name="version"]').value;
    dialog.querySelector("h2 span").textContent = form.elements.title.value;
    if (act === "win") {
      form.elements.amount.value = link.dataset.amount;
      form.elements.currency.value = link.dataset.currency;
    }
    dialog.close();
    dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-closes]");
    if (link) {
      event.preventDefault();
      ask(link.dataset.closes, link.closest(".card"));
    }
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  });
})();
