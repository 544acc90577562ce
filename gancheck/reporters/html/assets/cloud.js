"use strict";
// The points of a map: what they are, how they look, which is near. `map.js` puts them on the page.
const cloud = (() => {
  const REFERENCE = 0, SAMPLES = 1, OFF = 2, NO_TILE = 65535, SHADES = 10, MOST_WORDS = 40;
  const SIZES = [3.4, 2.2, 3.6]; // of a mark of each group; many points make all of them smaller

  const bytes = (text) => {
    const binary = atob(text);
    const out = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
    return out;
  };
  const shorts = (text, signed) => {
    const packed = bytes(text), out = new (signed ? Int16Array : Uint16Array)(packed.length / 2);
    for (let i = 0; i < out.length; i++) out[i] = packed[2 * i] | (packed[2 * i + 1] << 8);
    return out;
  };
  const pair = (text) => text.split(" ").map(Number);
  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  /** The points: places in units of the window (equal on both axes), groups, modes, pictures. */
  function read(map) {
    const places = shorts(map.dataset.positions);
    const flags = bytes(map.dataset.flags);
    const [x0, x1, y0, y1] = pair(map.dataset.extent);
    const unit = Math.max(x1 - x0, y1 - y0);
    const width = (x1 - x0) / unit, height = (y1 - y0) / unit;
    const n = flags.length;
    const x = new Float32Array(n), y = new Float32Array(n), group = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      x[i] = (places[2 * i] / 65535) * width;
      y[i] = (1 - places[2 * i + 1] / 65535) * height;
      group[i] = flags[i] & 1 ? (flags[i] & 2 ? OFF : SAMPLES) : REFERENCE;
    }
    const tile = shorts(map.dataset.tiles);
    const order = new Uint32Array(n); // in which they are drawn: what matters most on top
    let filled = 0;
    for (const one of [REFERENCE, SAMPLES, OFF]) for (let i = 0; i < n; i++) if (group[i] === one) order[filled++] = i;
    const owner = new Map();
    for (let i = 0; i < n; i++) if (tile[i] !== NO_TILE) owner.set(tile[i], i);
    let first = 0; // the first sample: the reference comes before
    while (first < n && group[first] === REFERENCE) first++;
    return {
      n, x, y, group, order, tile, owner, first, unit, width, height, left: x0, top: y1,
      mode: shorts(map.dataset.modes, true),
      colours: bytes(map.dataset.colours),
      names: JSON.parse(map.dataset.names),
      labels: [...map.querySelectorAll('[data-mode]:not([data-mode="-1"]) .label')].map((one) => one.textContent),
    };
  }

  /** The sheet of pictures: draws one of them on a canvas of its own. */
  function pictures(map) {
    const sheet = map.querySelector(".sheet");
    if (!sheet) return null;
    const [width, height] = pair(map.dataset.tile), cell = pair(map.dataset.cell);
    const columns = Number(map.dataset.columns);
    let ready = null;
    const decoded = () => (ready ??= sheet.decode().then(() => createImageBitmap(sheet)));
    return (tile, className, title) => {
      const canvas = element("canvas", "", `tile ${className}`);
      canvas.classList.toggle("sharp", Math.max(width, height) <= 32);
      canvas.width = width;
      canvas.height = height;
      canvas.dataset.tile = tile;
      canvas.title = title;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", title);
      const left = (tile % columns) * cell[0], top = Math.floor(tile / columns) * cell[1];
      decoded().then(
        (all) => canvas.getContext("2d", { willReadFrequently: true }).drawImage(all, left, top, width, height, 0, 0, width, height),
        () => canvas.remove());
      return canvas;
    };
  }

  /** One stamp for each look of a point: drawn once, copied often. */
  function stamps(paper, points, rule, fine, size) {
    const style = getComputedStyle(paper);
    const colour = (name) => style.getPropertyValue(name).trim();
    const shade = (i) => (points.mode[i] < 0 ? SHADES : points.mode[i] % SHADES);
    const red = (i) => points.colours[3 * (i - points.first)] >> 4;
    const green = (i) => points.colours[3 * (i - points.first) + 1] >> 4;
    const blue = (i) => points.colours[3 * (i - points.first) + 2] >> 4;
    const rules = {
      side: [() => 0, (i) => colour(["--spot", "--samples", "--off"][points.group[i]])],
      mode: [shade, (i) => colour(shade(i) === SHADES ? "--unclear" : `--mode-${shade(i)}`)],
      latent: [
        (i) => (i < points.first ? 0 : (red(i) << 8) | (green(i) << 4) | blue(i)),
        (i) => (i < points.first ? colour("--spot") : `rgb(${17 * red(i)} ${17 * green(i)} ${17 * blue(i)})`),
      ],
    };
    const [key, paint] = rules[rule];
    const made = [], known = new Map();
    const look = new Uint16Array(points.n);
    for (let i = 0; i < points.n; i++) {
      const at = 3 * key(i) + points.group[i];
      if (!known.has(at)) known.set(at, made.push(stamp(points.group[i], paint(i), fine, size)) - 1);
      look[i] = known.get(at);
    }
    return { made, look };
  }

  function stamp(group, paint, fine, size) {
    const radius = SIZES[group] * size * fine;
    const canvas = element("canvas"), side = Math.ceil(2 * radius + fine);
    canvas.width = canvas.height = side;
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const centre = side / 2;
    pen.fillStyle = pen.strokeStyle = paint;
    pen.lineWidth = 1.4 * fine;
    pen.globalAlpha = [0.5, 0.8, 1][group];
    pen.beginPath();
    pen.arc(centre, centre, group === OFF ? radius - 0.7 * fine : radius, 0, 7);
    if (group === OFF) pen.stroke();
    else pen.fill();
    return { side, pixels: pen.getImageData(0, 0, side, side).data };
  }

  /** Put a stamp on an opaque picture: tens of thousands of times a frame, so by hand. */
  function put({ data, width, height }, { side, pixels }, x, y, strength) {
    const left = Math.max(0, -x), right = Math.min(side, width - x);
    const top = Math.max(0, -y), bottom = Math.min(side, height - y);
    for (let row = top; row < bottom; row++) {
      let from = 4 * (row * side + left), to = 4 * ((y + row) * width + x + left);
      for (let column = left; column < right; column++, from += 4, to += 4) {
        const share = pixels[from + 3] * strength;
        if (!share) continue;
        data[to] += (pixels[from] - data[to]) * share;
        data[to + 1] += (pixels[from + 1] - data[to + 1]) * share;
        data[to + 2] += (pixels[from + 2] - data[to + 2]) * share;
      }
    }
  }

  /** The visible point nearest to a place, among those that are accepted. */
  function nearest(tree, points, x, y, reach, accept) {
    let found = -1, best = reach * reach;
    tree.visit((node, x0, y0, x1, y1) => {
      const dx = Math.max(x0 - x, 0, x - x1), dy = Math.max(y0 - y, 0, y - y1);
      if (dx * dx + dy * dy > best) return true;
      for (let leaf = node.length ? null : node; leaf; leaf = leaf.next) {
        const i = leaf.data, away = (points.x[i] - x) ** 2 + (points.y[i] - y) ** 2;
        const above = away === best && found >= 0 && points.group[i] > points.group[found];
        if ((away < best || above) && accept(i)) [found, best] = [i, away];
      }
      return false;
    });
    return found;
  }

  /** The name of each mode, to be written on its middle; too many would hide the map. */
  function words(points) {
    if (points.labels.length < 2 || points.labels.length > MOST_WORDS) return [];
    const upTo = points.first || points.n;
    return points.labels.flatMap((text, mode) => {
      const members = d3.range(upTo).filter((i) => points.mode[i] === mode);
      const middle = (values) => d3.median(members, (i) => values[i]);
      return members.length ? [{ text, mode, x: middle(points.x), y: middle(points.y) }] : [];
    });
  }

  function write(pen, style, text, x, y) {
    pen.font = `650 13px ${style.fontFamily}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineWidth = 3.5;
    pen.lineJoin = "round";
    pen.strokeStyle = style.getPropertyValue("--paper");
    pen.fillStyle = style.getPropertyValue("--ink");
    pen.strokeText(text, x, y);
    pen.fillText(text, x, y);
  }

  /** Both axes of a paper that shows the values x0..x1 and y0..y1: where ticks are, and what they say. */
  function axes([x0, x1, y0, y1], [width, height]) {
    const ticks = (low, high, start, stop) => {
      const scale = d3.scaleLinear([low, high], [start, stop]), said = scale.tickFormat(6);
      return scale.ticks(6).map((value) => ({ at: scale(value), text: said(value) }));
    };
    return { across: ticks(x0, x1, 0, width), up: ticks(y0, y1, height, 0), width, height };
  }

  function grid(pen, style, { across, up, width, height }) {
    pen.strokeStyle = style.getPropertyValue("--line");
    pen.lineWidth = 1;
    pen.beginPath();
    for (const { at } of across) { pen.moveTo(at, 0); pen.lineTo(at, height); }
    for (const { at } of up) { pen.moveTo(0, at); pen.lineTo(width, at); }
    pen.stroke();
  }

  function numbers(pen, style, { across, up, width, height }, names) {
    const put = (text, x, y, align, colour) => {
      pen.textAlign = align;
      pen.fillStyle = style.getPropertyValue(colour);
      pen.strokeText(text, x, y);
      pen.fillText(text, x, y);
    };
    pen.font = `11px ${style.fontFamily}`;
    pen.textBaseline = "alphabetic";
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.strokeStyle = style.getPropertyValue("--paper");
    for (const { at, text } of across) if (at > 24 && at < width - 40) put(text, at + 4, height - 5, "left", "--soft");
    for (const { at, text } of up) if (at > 28 && at < height - 24) put(text, 5, at - 3, "left", "--soft");
    put(names[1], 5, 14, "left", "--ink");
    put(names[0], width - 6, height - 5, "right", "--ink");
  }

  return { REFERENCE, SAMPLES, OFF, NO_TILE, read, pictures, stamps, put, nearest, words, write, axes, grid, numbers, element };
})();
