// Behaviour of the viewer's pages: they can be read without it.
"use strict";

// A run in the making: the server says that something is new, and the page asks for itself again.
const events = document.body.dataset.events;
if (events && window.EventSource) {
  const listen = () => {
    const source = new EventSource(events);
    source.addEventListener("changed", refresh);
    document.addEventListener("visibilitychange", function hidden() {
      if (document.hidden) { source.close(); document.removeEventListener("visibilitychange", hidden); }
    });
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { refresh(); listen(); } });
  if (!document.hidden) listen();
}

async function refresh() {
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (!answer) return;
  if (answer.redirected) { location.href = answer.url; return; }
  if (answer.status === 404) { location.reload(); return; }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const state = document.querySelector("[data-status]"), told = fresh.querySelector("[data-status]");
  if (state && told && state.innerHTML !== told.innerHTML)
    state.replaceChildren(...Array.from(told.childNodes, (node) => document.importNode(node, true)));
  const old = document.querySelector("[data-live]"), made = fresh.querySelector("[data-live]");
  if (!old || !made) return;
  const list = old.querySelector("ol.transcript");
  if (list) { // utterances are only ever added: what is read and open stays
    for (const item of made.querySelectorAll("ol.transcript > li"))
      if (!document.getElementById(item.id)) list.append(document.importNode(item, true));
  } else if (old.innerHTML !== made.innerHTML && !old.contains(document.activeElement)) {
    old.replaceChildren(...Array.from(made.childNodes, (node) => document.importNode(node, true)));
  }
}

// Quotes of a judgement light up in the transcript.
for (const row of document.querySelectorAll("[data-lights]")) {
  const marks = document.querySelectorAll(`[data-quotes~="${row.dataset.lights}"]`);
  const light = (on) => () => marks.forEach((mark) => mark.classList.toggle("lit", on));
  for (const name of ["mouseenter", "focusin"]) row.addEventListener(name, light(true));
  for (const name of ["mouseleave", "focusout"]) row.addEventListener(name, light(false));
}

const turns = () => Array.from(document.querySelectorAll("li.turn"));

function current() {
  const all = turns();
  const focused = all.findIndex((turn) => turn.contains(document.activeElement));
  return focused >= 0 ? focused : all.findIndex((turn) => "#" + turn.id === location.hash);
}

function go(step) {
  const all = turns(), at = Math.min(all.length - 1, Math.max(0, current() + step));
  if (all[at]) { all[at].focus(); all[at].scrollIntoView({ block: "center" }); }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const turn = turns()[current()];
  if (event.key === "/") { const field = document.querySelector("[data-search]"); if (field) { event.preventDefault(); field.focus(); } }
  else if (event.key === "j") go(1);
  else if (event.key === "k") go(-1);
  else if (event.key === "o" && turn) { const thoughts = turn.querySelector("details"); if (thoughts) thoughts.open = !thoughts.open; }
  else if (event.key === "c" && turn) navigator.clipboard?.writeText(location.href.split("#")[0] + "#" + turn.id);
});
