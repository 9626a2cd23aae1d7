// A code renews itself shortly before it ends. Without this script the page reloads by itself instead.
//
// <div data-renew="/address" data-seconds="60"> is replaced by what the address answers; a code that has ended is hidden.
"use strict";

(() => {
  const EARLY = 5; // seconds before the end at which the next code is asked for
  const RETRY = 2;

  function begin(box) {
    const end = performance.now() + Number(box.dataset.seconds) * 1000;
    const early = Math.min(EARLY, Number(box.dataset.seconds) / 2);
    const left = box.querySelector("[data-left]");
    const said = document.querySelector("[data-renew-said]");
    let next = end - early * 1000;
    let asking = false;

    const tick = async () => {
      const now = performance.now();
      left.textContent = String(Math.max(0, Math.ceil((end - now) / 1000)));
      box.classList.toggle("over", now >= end);
      if (now < next || asking || document.hidden) return;
      asking = true;
      const fresh = await ask(box.dataset.renew);
      asking = false;
      if (fresh === null) {
        said.textContent = said.dataset.away;
        next = performance.now() + RETRY * 1000;
        return;
      }
      said.textContent = "";
      clearInterval(timer);
      box.replaceWith(fresh);
      begin(fresh);
    };
    const timer = setInterval(tick, 250);
    tick();
  }

  async function ask(address) {
    try {
      const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (answer.status === 403) { location.reload(); return null; } // the session is over: the page says so
      if (!answer.ok) return null;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      return page.querySelector("[data-renew]");
    } catch {
      return null;
    }
  }

  document.querySelectorAll("[data-renew]").forEach(begin);
})();
