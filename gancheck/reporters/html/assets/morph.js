"use strict";
// Moves samples between their latent and where they land. Without it two still pictures stand.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const places = (text) => {
    const view = new DataView(bytes(text).buffer);
    return Float32Array.from({ length: view.byteLength / 2 }, (_, i) => view.getUint16(2 * i, true) / 65535);
  };
  /** Which pixels a disc covers, and how far, in 256ths. */
  const stamp = (radius) => {
    const reach = Math.ceil(radius), covered = [];
    for (let down = -reach; down <= reach; down++) {
      for (let right = -reach; right <= reach; right++) {
        const cover = Math.min(1, radius + 0.5 - Math.hypot(right, down));
        if (cover > 0) covered.push([right, down, Math.round(256 * cover)]);
      }
    }
    const [right, down, cover] = [0, 1, 2].map((place) => Int32Array.from(covered, (one) => one[place]));
    return { reach, size: covered.length, right, down, cover };
  };
  /** The pixels under the samples: white, and the reference in grey. */
  const paper = (side, reference, fine) => {
    const pixels = new Uint8ClampedArray(4 * side * side).fill(255);
    const half = Math.max(1, Math.round(fine));
    for (let i = 0; i < reference.length; i += 2) {
      const x = Math.round(reference[i] * side), y = Math.round(reference[i + 1] * side);
      for (let down = Math.max(0, y - half); down < Math.min(side, y + half); down++) {
        for (let right = Math.max(0, x - half); right < Math.min(side, x + half); right++) {
          pixels.fill(0xbb, 4 * (down * side + right), 4 * (down * side + right) + 3);
        }
      }
    }
    return pixels;
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
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    if (!pen) continue;
    const fine = Math.min(window.devicePixelRatio || 1, 2);
    const side = Math.round(480 * fine);
    canvas.width = canvas.height = side;
    let running = 0;
    let at = 0; // in percent; finer than the steps of the slider

    // Pixels are blended by hand: drawing tens of thousands of discs takes many times as long.
    const image = pen.createImageData(side, side);
    const disc = stamp(2.3 * fine);
    const ground = paper(side, reference, fine);
    const draw = () => {
      const share = at / 100;
      const eased = share * share * (3 - 2 * share);
      const pixels = image.data;
      pixels.set(ground);
      for (let i = 0; i < start.length; i += 2) {
        const x = Math.round((start[i] + eased * (end[i] - start[i])) * side);
        const y = Math.round((start[i + 1] + eased * (end[i + 1] - start[i + 1])) * side);
        const c = 1.5 * i, red = colours[c], green = colours[c + 1], blue = colours[c + 2];
        const inside = x >= disc.reach && x < side - disc.reach && y >= disc.reach && y < side - disc.reach;
        for (let k = 0; k < disc.size; k++) {
          const right = x + disc.right[k], down = y + disc.down[k];
          if (!inside && (right < 0 || right >= side || down < 0 || down >= side)) continue;
          const p = 4 * (down * side + right), cover = disc.cover[k];
          pixels[p] += (cover * (red - pixels[p])) >> 8;
          pixels[p + 1] += (cover * (green - pixels[p + 1])) >> 8;
          pixels[p + 2] += (cover * (blue - pixels[p + 2])) >> 8;
        }
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
