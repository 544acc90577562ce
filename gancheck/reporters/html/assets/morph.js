"use strict";
// Moves samples between their latent and where they land. Without it two still pictures stand.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const places = (text) => {
    const view = new DataView(bytes(text).buffer);
    return Float32Array.from({ length: view.byteLength / 2 }, (_, i) => view.getUint16(2 * i, true) / 65535);
  };
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");

  for (const morph of document.querySelectorAll("[data-start]")) {
    const start = places(morph.dataset.start);
    const end = places(morph.dataset.end);
    const reference = places(morph.dataset.reference);
    const colours = bytes(morph.dataset.colours);
    const stage = morph.querySelector(".stage");
    const canvas = stage.querySelector("canvas");
    const button = stage.querySelector("button");
    const slider = stage.querySelector("input");
    const pen = canvas.getContext("2d");
    if (!pen) continue;
    const fine = Math.min(window.devicePixelRatio || 1, 2);
    const side = 480 * fine;
    canvas.width = canvas.height = side;
    let running = 0;
    let at = 0; // in percent; finer than the steps of the slider

    const draw = () => {
      const share = at / 100;
      const eased = share * share * (3 - 2 * share);
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, side, side);
      pen.fillStyle = "#bbb";
      for (let i = 0; i < reference.length; i += 2) {
        pen.fillRect(reference[i] * side - fine, reference[i + 1] * side - fine, 2 * fine, 2 * fine);
      }
      for (let i = 0; i < start.length; i += 2) {
        const c = 1.5 * i;
        pen.fillStyle = `rgb(${colours[c]} ${colours[c + 1]} ${colours[c + 2]})`;
        pen.beginPath();
        pen.arc(
          (start[i] + eased * (end[i] - start[i])) * side,
          (start[i + 1] + eased * (end[i + 1] - start[i + 1])) * side,
          2.3 * fine, 0, 7);
        pen.fill();
      }
    };
    const move = (place) => {
      at = Math.min(100, Math.max(0, place));
      slider.value = String(Math.round(at));
      draw();
    };
    const stop = () => {
      cancelAnimationFrame(running);
      running = 0;
      button.textContent = "Play";
    };
    const play = () => {
      const from = at >= 100 ? 0 : at;
      const began = performance.now();
      button.textContent = "Pause";
      const step = (now) => {
        move(from + Math.max(0, now - began) / 30);
        if (at < 100) running = requestAnimationFrame(step);
        else stop();
      };
      running = requestAnimationFrame(step);
    };
    button.addEventListener("click", () => {
      if (running) stop();
      else if (still.matches) move(at >= 50 ? 0 : 100);
      else play();
    });
    slider.addEventListener("input", () => {
      if (running) stop();
      at = Number(slider.value);
      draw();
    });
    stage.hidden = false;
    draw();
  }
})();
