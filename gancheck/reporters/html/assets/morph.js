"use strict";
// Moves samples between their latent and where they land. Without it two still pictures stand.
(() => {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");

  for (const morph of document.querySelectorAll("[data-start]")) {
    const start = dots.places(morph.dataset.start);
    const end = dots.places(morph.dataset.end);
    const reference = dots.places(morph.dataset.reference);
    const colours = dots.bytes(morph.dataset.colours);
    const stage = morph.querySelector(".stage");
    const canvas = stage.querySelector("canvas");
    const button = stage.querySelector("button");
    const slider = stage.querySelector("input");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    if (!pen) continue;
    const fine = Math.min(window.devicePixelRatio || 1, 2);
    const side = Math.round(480 * fine);
    canvas.width = canvas.height = side;
    let running = 0;
    let at = 0; // in percent; finer than the steps of the slider

    const image = pen.createImageData(side, side);
    const disc = dots.stamp(2.3 * fine);
    const ground = dots.paper(side, side, reference, fine);
    const draw = () => {
      const share = at / 100;
      const eased = share * share * (3 - 2 * share);
      image.data.set(ground);
      for (let i = 0; i < start.length; i += 2) {
        const x = Math.round((start[i] + eased * (end[i] - start[i])) * side);
        const y = Math.round((start[i + 1] + eased * (end[i + 1] - start[i + 1])) * side);
        const c = 1.5 * i;
        dots.put(image, disc, x, y, colours[c], colours[c + 1], colours[c + 2]);
      }
      pen.putImageData(image, 0, 0);
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
