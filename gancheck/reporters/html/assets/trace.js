"use strict";
// Steps through a training: one slider moves every picture. Without it the last step stands.
(() => {
  const numbers = (text) => text.split(" ").map(Number);
  /** The last of some steps that is not after a step. */
  const frameOf = (steps, step) => Math.max(0, steps.findLastIndex((one) => one <= step));
  const nearest = (values, value) =>
    values.reduce((best, one, i) => (Math.abs(one - value) < Math.abs(values[best] - value) ? i : best), 0);
  const inside = (value, most) => Math.min(Math.max(0, value), Math.max(0, most));
  const views = []; // each shows a place between one step and the next
  let go = () => {}; // to a step

  // ---- Drawings over steps ---------------------------------------------------------------------
  function answer(box) {
    const svg = box.querySelector(".plot"), tip = box.querySelector(".tip"), line = svg.querySelector(".now");
    const steps = JSON.parse(box.dataset.steps), said = JSON.parse(box.dataset.said);
    const [low, high, start, stop] = numbers(box.dataset.window);
    const [floor, top] = numbers(box.dataset.heights);
    const layers = [...svg.querySelectorAll("path.layer")];
    svg.querySelectorAll("title").forEach((one) => one.remove()); // the same is said beside the mouse
    const layerAt = (shares, height) => {
      let sum = 0;
      return shares.findIndex((share) => (sum += share) >= height && share > 0);
    };
    const light = (at) => {
      svg.classList.toggle("dimmed", at >= 0);
      layers.forEach((one, i) => one.classList.toggle("lit", i === at));
    };
    const told = (at, y) => {
      if (typeof said[at] === "string") return said[at];
      const layer = layerAt(said[at], (floor - y) / (floor - top));
      light(layer);
      const share = layer < 0 ? "" : `: ${layers[layer].dataset.name} ${(100 * said[at][layer]).toFixed(1)}%`;
      return `step ${steps[at].toLocaleString("en")}${said[at].length ? share : ": failed"}`;
    };
    const pointed = (event) => {
      const room = svg.getBoundingClientRect(), unit = 480 / room.width;
      const x = (event.clientX - room.left) * unit, y = (event.clientY - room.top) * unit;
      return { room, x, y, at: nearest(steps, low + ((x - start) / (stop - start)) * (high - low)) };
    };
    const hide = () => {
      tip.hidden = true;
      light(-1);
    };
    svg.addEventListener("pointermove", (event) => {
      if (event.clientX === undefined || !steps.length) return;
      const { room, x, y, at } = pointed(event);
      if (x < start - 4 || x > stop + 4) return hide();
      tip.textContent = told(at, y);
      tip.hidden = false;
      const own = tip.getBoundingClientRect();
      const left = inside(event.clientX - room.left + 14, room.width - own.width);
      const down = inside(event.clientY - room.top - own.height - 10, room.height - own.height);
      tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(down)}px)`;
    });
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("click", (event) => go(steps[pointed(event).at]));
    views.push((now, next, share) => {
      const step = now + share * (next - now);
      const x = start + ((inside(step - low, high - low)) / (high - low)) * (stop - start);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    });
    return () => svg.classList.add("stepped");
  }

  // ---- Samples of the same latents -------------------------------------------------------------
  function sail(box) {
    const canvas = box.querySelector("canvas"), steps = numbers(box.dataset.steps);
    const count = Number(box.dataset.points), [left, top, wide, tall] = numbers(box.dataset.window);
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    if (!pen) return () => {};
    const placed = (text) => {
      const found = dots.places(text);
      for (let i = 0; i < found.length; i += 2) {
        found[i] = left + wide * found[i];
        found[i + 1] = top + tall * (1 - found[i + 1]);
      }
      return found;
    };
    const { width, height } = canvas;
    const places = placed(box.dataset.positions), colours = dots.bytes(box.dataset.colours);
    const ground = dots.paper(width, height, placed(box.dataset.reference), 2.6);
    const disc = dots.stamp(count > 3000 ? 2.6 : 3.6), image = pen.createImageData(width, height);
    views.push((now, next, share) => {
      const from = 2 * count * frameOf(steps, now), to = 2 * count * frameOf(steps, next);
      image.data.set(ground);
      for (let i = 0; i < count; i++) {
        const a = from + 2 * i, b = to + 2 * i;
        const x = Math.round((places[a] + share * (places[b] - places[a])) * width);
        const y = Math.round((places[a + 1] + share * (places[b + 1] - places[a + 1])) * height);
        const [red, green, blue] = colours.length ? colours.subarray(3 * i, 3 * i + 3) : [43, 98, 208];
        dots.put(image, disc, x, y, red, green, blue);
      }
      pen.putImageData(image, 0, 0);
    });
    return () => { canvas.hidden = false; };
  }

  // ---- What the discriminator says over space --------------------------------------------------
  function paint(box) {
    const canvas = box.querySelector("canvas"), steps = numbers(box.dataset.steps);
    const last = box.querySelector("image");
    const pen = canvas.getContext("2d");
    if (!pen || !last) return () => {};
    let wanted = -1;
    const pictures = [...JSON.parse(box.dataset.fields), last.getAttribute("href")].map((uri, at) => {
      const picture = new Image();
      picture.onload = () => { if (at === wanted) draw(at); };
      picture.src = uri || "data:,";
      return picture;
    });
    const draw = (at) => {
      if (!pictures[at].naturalWidth) return;
      pen.imageSmoothingEnabled = false;
      pen.drawImage(pictures[at], 0, 0, canvas.width, canvas.height);
    };
    views.push((now) => {
      const at = frameOf(steps, now);
      if (at === wanted) return;
      wanted = at;
      draw(at);
    });
    return () => { canvas.hidden = false; };
  }

  // ---- Film strips -----------------------------------------------------------------------------
  function wind(box) {
    const svg = box.querySelector("svg.film"), column = svg.querySelector(".column");
    const steps = numbers(box.dataset.steps);
    const left = Number(box.dataset.left), pitch = Number(box.dataset.pitch);
    let shown = -1;
    views.push((now) => {
      const at = frameOf(steps, now);
      if (at === shown) return;
      shown = at;
      const x = left + at * pitch;
      column.setAttribute("x", x - 1.5);
      if (x < box.scrollLeft + left || x + pitch > box.scrollLeft + box.clientWidth) box.scrollLeft = x - box.clientWidth / 2;
    });
    svg.addEventListener("click", (event) => {
      const x = event.clientX - svg.getBoundingClientRect().left - left;
      if (x >= 0) go(steps[Math.min(steps.length - 1, Math.floor(x / pitch))]);
    });
    return () => svg.classList.add("stepped");
  }

  // ---- The slider ------------------------------------------------------------------------------
  function drive(player) {
    const steps = JSON.parse(player.dataset.steps), said = JSON.parse(player.dataset.said);
    const button = player.querySelector("button"), slider = player.querySelector("input");
    const output = player.querySelector("output"), last = steps.length - 1;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    const pace = Math.min(700, Math.max(60, 12000 / steps.length)); // milliseconds from step to step
    let at = last, running = 0, told = -1;
    const show = (place) => {
      at = Math.min(last, Math.max(0, place));
      const i = Math.floor(at), share = at - i;
      for (const view of views) view(steps[i], steps[Math.min(last, i + 1)], share * share * (3 - 2 * share));
      if (i === told) return;
      told = i;
      slider.value = String(i);
      slider.setAttribute("aria-valuetext", said[i]);
      output.textContent = said[i];
    };
    const named = () => { button.textContent = calm.matches ? "Next step" : running ? "Pause" : "Play"; };
    const stop = () => {
      cancelAnimationFrame(running);
      running = 0;
      output.setAttribute("aria-live", "polite");
      named();
    };
    const play = () => {
      const from = at >= last ? 0 : at, began = performance.now();
      output.setAttribute("aria-live", "off"); // read out at every step, it would never end
      const step = (now) => {
        show(from + Math.max(0, now - began) / pace);
        if (at < last) running = requestAnimationFrame(step);
        else stop();
      };
      running = requestAnimationFrame(step);
      named();
    };
    const toggle = () => {
      if (running) stop();
      else if (calm.matches) show(at >= last ? 0 : Math.floor(at) + 1);
      else play();
    };
    button.addEventListener("click", toggle);
    slider.addEventListener("input", () => {
      stop();
      show(Number(slider.value));
    });
    slider.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      toggle();
    });
    calm.addEventListener("change", stop);
    go = (step) => {
      stop();
      show(nearest(steps, step));
    };
    player.hidden = false;
    stop();
    show(last);
  }

  const all = (selector, open) => [...document.querySelectorAll(selector)].map(open);
  const opened = [
    ...all(".over-steps", answer), ...all("[data-voyage]", sail),
    ...all("[data-fields]", paint), ...all("[data-film]", wind),
  ];
  const player = document.querySelector(".player");
  if (!player) return;
  opened.forEach((open) => open());
  drive(player);
})();
