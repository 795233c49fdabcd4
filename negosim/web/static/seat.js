// Behaviour of a seat's page: it grows, adds up an offer's points, and keeps a draft. It works without.
"use strict";

const events = document.body.dataset.events;

function listen() {
  const source = new EventSource(`${events}?after=${document.body.dataset.version}`);
  source.addEventListener("changed", (event) => { document.body.dataset.version = event.data; refresh(); });
  const hide = () => { if (document.hidden) { source.close(); document.removeEventListener("visibilitychange", hide); } };
  document.addEventListener("visibilitychange", hide);
}
if (window.EventSource) {
  listen();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { refresh(); listen(); } });
}

async function refresh() {
  const answer = await fetch(location.pathname.replace(/\/(say|answer|next)$/, ""), { cache: "no-store" }).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const list = document.querySelector("#log ol"), made = fresh.querySelector("#log ol");
  if (!list || !made) { if (made) location.reload(); return; }
  for (const item of made.children)
    if (!document.getElementById(item.id)) { list.append(document.importNode(item, true)); list.lastElementChild.scrollIntoView({ block: "nearest" }); }
  const old = document.getElementById("play"), now = fresh.getElementById("play");
  if (old.dataset.step !== now.dataset.step) { // what is being written stays as long as it is the same turn
    old.replaceWith(document.importNode(now, true));
    document.title = fresh.title;
    ready();
  }
}

function ready() {
  const text = document.querySelector("[data-draft]");
  if (text) {
    const name = `draft ${location.pathname} ${document.getElementById("play").dataset.step}`;
    if (!text.value) text.value = sessionStorage.getItem(name) || "";
    text.addEventListener("input", () => sessionStorage.setItem(name, text.value));
    text.form.addEventListener("submit", (event) => {
      if (text.form.dataset.sent) event.preventDefault();
      text.form.dataset.sent = "yes";
    });
  }
  const offer = document.querySelector("[data-offer]");
  if (offer) { offer.addEventListener("change", () => worth(offer)); worth(offer); }
  document.getElementById("wrong")?.focus();
}

function worth(offer) {
  const parts = Array.from(offer.querySelectorAll("select"), (field) => field.selectedOptions[0].dataset.points);
  const known = parts.filter((part) => part !== ""), sum = known.reduce((total, part) => total + Number(part), 0);
  const output = offer.querySelector("[data-worth]"), least = Number(output.dataset.reservation);
  const shown = Math.round(sum * 100) / 100;
  output.textContent = known.length < parts.length
    ? `Worth ${shown} points to you so far; ${parts.length - known.length} of ${parts.length} issues are left open.`
    : `Worth ${shown} points to you; no deal is worth ${least}.`;
}

ready();
