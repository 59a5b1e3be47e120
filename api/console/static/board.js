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

  /* The answer takes the board's place, but a card that nothing has happened to stays the element it is, where it is,
     with what is open in it: to put a thousand cards in anew would stop the page for seconds. */
  function show(text) {
    const here = document.getElementById("pipeline");
    const found = new DOMParser().parseFromString(text, "text/html").getElementById("pipeline");
    if (!found) return location.reload();
    const lists = (of) => [...of.querySelectorAll(".column > ul")];
    const [mine, theirs] = [lists(here), lists(found)];
    const told = here.querySelector("[aria-live]");
    const telling = found.querySelector("[aria-live]");
    told.replaceChildren(...telling.childNodes);
    telling.replaceWith(told);
    if (!mine.length || mine.map((list) => list.dataset.stage).join() !== theirs.map((list) => list.dataset.stage).join()) {
      return here.replaceChildren(...found.childNodes);
    }
    mine.forEach((list, number) => fill(list, theirs[number]));
    mine.forEach((list, number) => surround(list, theirs[number]));
    surround(here.querySelector(".board"), found.querySelector(".board"));
  }

  /* A column's cards are then those of the other, in that order. */
  function fill(list, other) {
    const wanted = [...other.children].map((card) => unchanged(card) ?? card);
    const kept = new Set(wanted);
    for (const card of [...list.children]) if (!kept.has(card)) card.remove();
    let next = list.firstElementChild;
    for (const card of wanted) {
      if (card === next) next = next.nextElementSibling;
      else list.insertBefore(card, next);
    }
  }

  /* The card as it is on the board already, with the key by which its form is sent next; none where it has changed. */
  function unchanged(card) {
    const same = document.getElementById(card.id);
    const value = (of, name) => of.querySelector(`[name="${name}"]`)?.value;
    if (same?.textContent !== card.textContent || value(same, "version") !== value(card, "version")) return null;
    const key = same.querySelector('[name="form_key"]');
    if (key) key.value = value(card, "form_key");
    return same;
  }

  /* What lies around an element is then what lies around the other; the element itself is not touched. */
  function surround(kept, other) {
    const around = [...other.parentElement.childNodes];
    const place = around.indexOf(other);
    for (const beside of [...kept.parentElement.childNodes]) if (beside !== kept) beside.remove();
    kept.before(...around.slice(0, place));
    kept.after(...around.slice(place + 1));
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
