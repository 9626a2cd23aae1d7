// A scan gun is a fast keyboard that ends with Enter. This keeps its keys in the one input, and input methods out of it.
//
// <input data-scan data-full-width="message"> inside a form; the server refuses the same things where no script runs.
"use strict";

(() => {
  const FULL_WIDTH = /[\u3000\u3001\u3002\uff01-\uff5e]/;
  const input = document.querySelector("input[data-scan]");
  if (!input) return;
  const form = input.form;
  const picture = form.querySelector("input[type=file]");
  const wrong = document.getElementById(input.dataset.wrong);
  let composing = false;
  let sent = false;

  const say = (text) => {
    wrong.textContent = text;
    wrong.hidden = text === "";
    input.setAttribute("aria-invalid", String(text !== ""));
  };
  const check = () => say(FULL_WIDTH.test(input.value) ? input.dataset.fullWidth : "");

  input.addEventListener("compositionstart", () => { composing = true; });
  input.addEventListener("compositionend", () => { composing = false; check(); });
  input.addEventListener("input", () => { if (!composing) check(); });

  // Enter that only ends a composition sends nothing; Enter in another field looks for the code first.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName === "TEXTAREA" || event.target.tagName === "BUTTON") return;
    const unfinished = composing || event.isComposing || event.keyCode === 229;
    const elsewhere = event.target !== input && event.target.tagName === "INPUT" && input.value === "" && !picture.value;
    if (unfinished || elsewhere) event.preventDefault();
    if (elsewhere && !unfinished) input.focus();
  });

  form.addEventListener("submit", (event) => {
    check();
    if (composing || sent || input.getAttribute("aria-invalid") === "true") {
      event.preventDefault();
      if (!sent) input.select();
      return;
    }
    sent = true; // a gun that sends two line ends sends one form
  });
  window.addEventListener("pageshow", () => { sent = false; });

  // A gun fired while nothing has the focus still reaches the input.
  document.addEventListener("keydown", (event) => {
    const free = document.activeElement === document.body || document.activeElement === null;
    if (free && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) input.focus();
  });
})();
