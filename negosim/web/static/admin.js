// The counts of a study are fetched anew every few seconds while the page is looked at.
"use strict";

setInterval(async () => {
  if (document.hidden) return;
  const answer = await fetch(location.pathname, { cache: "no-store" }).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("counts");
  if (fresh) document.getElementById("counts").replaceWith(document.importNode(fresh, true));
}, 5000);
