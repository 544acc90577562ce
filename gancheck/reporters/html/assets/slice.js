"use strict";
// A slice of the latent space answers: what is here, and what lies across this line. Without it
// every layer and every film strip stands on the page.
(() => {
  const LEFT = 46, TOP = 12, SIDE = 330;
  const rgb = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
  const anchors = [...document.querySelectorAll("#viridis stop")].map((stop) => rgb(stop.getAttribute("stop-color")));
  const short = (value) => String(Number(value.toPrecision(3)));

  // The colours are a line through nine anchors: a colour lies where it is nearest to it.
  const level = (colour) => {
    let best = 0, least = Infinity;
    for (let i = 0; i + 1 < anchors.length; i += 1) {
      const along = anchors[i + 1].map((part, c) => part - anchors[i][c]);
      const off = colour.map((part, c) => part - anchors[i][c]);
      const length = along.reduce((sum, part) => sum + part * part, 0);
      const share = Math.min(1, Math.max(0, along.reduce((sum, part, c) => sum + part * off[c], 0) / length));
      const gap = off.reduce((sum, part, c) => sum + (part - share * along[c]) ** 2, 0);
      if (gap < least) [best, least] = [(i + share) / (anchors.length - 1), gap];
    }
    return best;
  };

  const reader = (layer) => {
    const image = layer.querySelector("image");
    let pixels = null;
    const source = new Image();
    source.addEventListener("load", () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [source.naturalWidth, source.naturalHeight];
      const pen = canvas.getContext("2d", { willReadFrequently: true });
      if (!pen) return;
      pen.drawImage(source, 0, 0);
      pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
    });
    if (image) source.src = image.getAttribute("href");
    const [low, high] = [Number(layer.dataset.low), Number(layer.dataset.high)];
    return (across, down) => {
      if (!pixels) return "";
      const column = Math.min(pixels.width - 1, Math.floor(across * pixels.width));
      const row = Math.min(pixels.height - 1, Math.floor(down * pixels.height));
      const at = 4 * (row * pixels.width + column);
      if (pixels.data[at + 3] < 128) return "outside the latent law";
      const share = level([...pixels.data.slice(at, at + 3)]);
      const beyond = share > 0.995 && "clipped" in layer.dataset ? "at least " : "";
      return `${layer.dataset.title}: ${beyond}${short(low + share * (high - low))} (${layer.dataset.unit})`;
    };
  };

  const labelled = (input, text) => {
    const label = document.createElement("label");
    label.append(input, text);
    return label;
  };
  const control = (type, name, checked) => Object.assign(document.createElement("input"), { type, name, checked });

  const switched = (slice, number, svg, layers) => {
    const box = slice.querySelector(".switch");
    const choose = (chosen) => layers.forEach((layer) => { layer.style.display = layer === chosen ? "" : "none"; });
    layers.forEach((layer, at) => {
      const input = control("radio", `layer-${number}`, at === 0);
      input.addEventListener("change", () => choose(layer));
      if (layers.length > 1) box.append(labelled(input, layer.dataset.title));
    });
    const lines = svg.querySelector(".lines");
    if (lines.childElementCount) {
      const input = control("checkbox", "lines", true);
      input.addEventListener("change", () => { lines.style.display = input.checked ? "" : "none"; });
      box.append(labelled(input, "Lines"));
    }
    choose(layers[0]);
    box.hidden = !box.querySelector("input");
  };

  const pointed = (slice, svg, layers) => {
    const [x0, x1, y0, y1] = slice.dataset.window.split(" ").map(Number);
    const names = [slice.dataset.x || "x", slice.dataset.y || "y"];
    const readers = new Map(layers.map((layer) => [layer, reader(layer)]));
    const readout = slice.querySelector(".readout");
    const cross = svg.querySelector(".cross");
    const hint = "Point at the picture, or move over it with the arrow keys: place and value.";
    let at = [0.5, 0.5];
    const tell = () => {
      const [x, y] = [LEFT + at[0] * SIDE, TOP + at[1] * SIDE];
      cross.setAttribute("d", `M${x - 9} ${y}h18M${x} ${y - 9}v18`);
      const layer = layers.find((one) => one.style.display !== "none");
      const place = [x0 + at[0] * (x1 - x0), y1 - at[1] * (y1 - y0)];
      const words = names.map((name, axis) => `${name} ${short(place[axis])}`);
      readout.textContent = [...words, readers.get(layer)(...at)].filter(Boolean).join(" · ");
    };
    const quiet = () => {
      cross.setAttribute("d", "");
      readout.textContent = hint;
    };
    svg.addEventListener("pointermove", (event) => {
      const matrix = svg.getScreenCTM();
      if (!matrix) return;
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
      const place = [(point.x - LEFT) / SIDE, (point.y - TOP) / SIDE];
      if (place.some((share) => share < 0 || share > 1)) return quiet();
      at = place;
      tell();
    });
    svg.addEventListener("pointerleave", quiet);
    svg.addEventListener("blur", quiet);
    svg.addEventListener("focus", () => { if (svg.matches(":focus-visible")) tell(); });
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      at = at.map((share, axis) => Math.min(1, Math.max(0, share + step[axis] * (event.shiftKey ? 0.1 : 0.01))));
      tell();
    });
    svg.setAttribute("tabindex", "0");
    readout.setAttribute("aria-live", "polite");
    readout.hidden = false;
    quiet();
  };

  const linked = (slice, svg) => {
    const links = [...slice.querySelectorAll(".choices a"), ...svg.querySelectorAll(".lines a")];
    const named = (link) => link.getAttribute("href").slice(1);
    const strips = [...new Set(links.map(named))].map((name) => document.getElementById(name)).filter(Boolean);
    if (!strips.length) return;
    const all = slice.querySelector(".choices button");
    const show = (name) => {
      strips.forEach((strip) => { strip.hidden = Boolean(name) && strip.id !== name; });
      links.forEach((link) => {
        const chosen = named(link) === name;
        link.classList.toggle("chosen", chosen);
        if (chosen) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
      svg.classList.toggle("choosing", Boolean(name));
      all.setAttribute("aria-pressed", String(!name));
    };
    const followed = () => {
      const name = decodeURIComponent(location.hash.slice(1));
      if (!strips.some((strip) => strip.id === name)) return;
      show(name);
      document.getElementById(name).scrollIntoView({ block: "nearest" });
    };
    links.forEach((link) => link.addEventListener("click", (event) => {
      event.preventDefault();
      show(named(link));
    }));
    all.addEventListener("click", () => show(""));
    all.hidden = false;
    window.addEventListener("hashchange", followed);
    show(strips[0].id);
    followed();
  };

  document.querySelectorAll("[data-window]").forEach((slice, number) => {
    const views = [...slice.querySelectorAll("svg")];
    if (!views.length) return;
    const [svg, ...others] = views;
    const layers = views.map((view) => view.querySelector(".layer"));
    layers.slice(1).forEach((layer) => layers[0].parentNode.insertBefore(layer, layers[0]));
    others.forEach((view) => view.remove());
    slice.classList.add("answers");
    switched(slice, number, svg, layers);
    pointed(slice, svg, layers);
    linked(slice, svg);
  });
})();
