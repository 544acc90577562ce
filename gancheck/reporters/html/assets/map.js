"use strict";
// The map of samples and reference: zoom, hover, toggles, lasso. Without it a still picture stands.
(() => {
  const { REFERENCE, OFF, NO_TILE, element } = cloud;
  const NEAR = 14, GAP = 18, MOST_TILES = 60;
  const written = (n) => n.toLocaleString("en");

  function open(map) {
    const points = cloud.read(map), words = cloud.words(points);
    const live = map.querySelector(".live"), paper = map.querySelector(".sheet-of-paper");
    const ink = paper.querySelector(".ink"), over = paper.querySelector(".over");
    const tip = paper.querySelector(".tip"), said = live.querySelector("[role=status]");
    const pen = ink.getContext("2d", { willReadFrequently: true });
    const top = over.getContext("2d", { willReadFrequently: true });
    if (!pen || !top) return;
    const picture = cloud.pictures(map);
    const { n, order, group, mode } = points;
    const hidden = { group: new Uint8Array(3), mode: new Uint8Array(points.labels.length + 1) }; // -1 comes first
    const visible = (i) => !hidden.group[group[i]] && !hidden.mode[mode[i] + 1];
    const fine = Math.min(window.devicePixelRatio || 1, 2);
    const size = n > 30000 ? 0.6 : n > 6000 ? 0.8 : 1;
    let rule = "side", marks = null, tree = null, owners = null;
    let width = 0, height = 0, scale = 1, left = 0, up = 0; // of the window on the paper
    let at = d3.zoomIdentity, due = 0, current = -1, chosen = null, spotlight = null, lasso = null;
    let drawn = false, byKey = false;

    const across = (i) => at.applyX(left + points.x[i] * scale);
    const down = (i) => at.applyY(up + points.y[i] * scale);
    const inside = (x, y) => x >= 0 && y >= 0 && x <= width && y <= height;
    const backX = (x) => (at.invertX(x) - left) / scale, backY = (y) => (at.invertY(y) - up) / scale;
    const grow = (indices) =>
      d3.quadtree().x((i) => points.x[i]).y((i) => points.y[i]).addAll(indices);
    const find = (x, y) => {
      tree ??= grow(order);
      return cloud.nearest(tree, points, backX(x), backY(y), NEAR / scale / at.k, visible);
    };

    // ---- Drawing -------------------------------------------------------------------------------
    const ask = () => { due ||= requestAnimationFrame(() => { due = 0; draw(); }); };
    function draw() {
      marks ??= cloud.stamps(paper, points, rule, fine, size);
      const { made, look } = marks;
      const style = getComputedStyle(paper);
      pen.setTransform(fine, 0, 0, fine, 0, 0);
      pen.fillStyle = style.getPropertyValue("--paper");
      pen.fillRect(0, 0, width, height);
      const axes = map.dataset.x === undefined ? null : cloud.axes(
        [points.left + backX(0) * points.unit, points.left + backX(width) * points.unit,
          points.top - backY(height) * points.unit, points.top - backY(0) * points.unit], [width, height]);
      if (axes) cloud.grid(pen, style, axes);
      const paint = pen.getImageData(0, 0, ink.width, ink.height);
      const k = at.k * scale * fine, x0 = (at.x + at.k * left) * fine, y0 = (at.y + at.k * up) * fine;
      for (const i of order) {
        if (!visible(i)) continue;
        const mark = made[look[i]], half = mark.side / 2;
        const x = Math.round(x0 + k * points.x[i] - half), y = Math.round(y0 + k * points.y[i] - half);
        if (x <= -mark.side || y <= -mark.side || x >= ink.width || y >= ink.height) continue;
        const faint = (chosen && !chosen[i]) || (spotlight !== null && mode[i] !== spotlight);
        cloud.put(paint, mark, x, y, (faint ? 0.12 : 1) / 255);
      }
      pen.putImageData(paint, 0, 0);
      pen.setTransform(fine, 0, 0, fine, 0, 0);
      for (const word of rule === "mode" ? words : []) {
        const x = at.applyX(left + word.x * scale), y = at.applyY(up + word.y * scale);
        if (!hidden.mode[word.mode + 1]) cloud.write(pen, style, word.text, x, y);
      }
      if (axes) cloud.numbers(pen, style, axes, [map.dataset.x, map.dataset.y]);
      drawOver();
    }

    function drawOver() {
      const style = getComputedStyle(paper);
      top.setTransform(fine, 0, 0, fine, 0, 0);
      top.clearRect(0, 0, width, height);
      if (current >= 0) {
        for (const [colour, line] of [["--paper", 5], ["--ink", 2]]) {
          top.strokeStyle = style.getPropertyValue(colour);
          top.lineWidth = line;
          top.beginPath();
          top.arc(across(current), down(current), 7, 0, 7);
          top.stroke();
        }
      }
      if (lasso) {
        top.strokeStyle = style.getPropertyValue("--link");
        top.lineWidth = 1.6;
        top.setLineDash([5, 4]);
        top.beginPath();
        for (const [x, y] of lasso) top.lineTo(x, y);
        top.closePath();
        top.stroke();
        top.setLineDash([]);
      }
    }

    // ---- One point -----------------------------------------------------------------------------
    const title = (i) => {
      const side = group[i] === REFERENCE ? 0 : 1;
      const sides = points.names.length, number = side && points.first ? i - points.first : i;
      return `${["reference", "sample"][side]} ${points.names[sides - 1 ? side : 0]?.[number] ?? number}`;
    };
    const facts = (i) => {
      const found = [title(i)];
      if (points.labels.length) found.push(mode[i] < 0 ? "no clear mode" : `mode: ${points.labels[mode[i]]}`);
      if (group[i] === OFF) found.push("off the reference");
      return found;
    };
    /** The point whose picture stands for a point: itself, or the nearest stored one of its side. */
    function shownFor(i) {
      if (!picture || points.tile[i] !== NO_TILE) return i;
      owners ??= grow([...points.owner.values()]);
      const side = group[i] === REFERENCE;
      return cloud.nearest(owners, points, points.x[i], points.y[i], Infinity, (j) => (group[j] === REFERENCE) === side);
    }
    function show(i) {
      if (i === current && tip.hidden === i < 0) return;
      current = i;
      tip.hidden = i < 0;
      drawOver();
      if (i < 0) return;
      const lines = facts(i), shown = shownFor(i), words = element("div");
      if (shown !== i && shown >= 0) lines.push(`nearest shown: ${title(shown)}`);
      for (const line of lines) words.append(element("span", line));
      tip.replaceChildren(...(picture && shown >= 0 ? [picture(points.tile[shown], "", title(shown))] : []), words);
      const x = across(i), y = down(i), room = tip.getBoundingClientRect();
      const right = x + GAP + room.width < width ? x + GAP : x - GAP - room.width;
      const low = Math.min(Math.max(4, y - room.height / 2), Math.max(4, height - room.height - 4));
      tip.style.transform = `translate(${Math.round(Math.max(4, Math.min(right, width - room.width - 4)))}px, ${Math.round(low)}px)`;
    }
    function keep(i) {
      const kept = live.querySelector(".kept"), shown = shownFor(i);
      if (i < 0 || shown < 0) return;
      const text = [...facts(i), ...(shown === i ? [] : [`nearest shown: ${title(shown)}`])].join(", ");
      kept.querySelector(".tiles").append(picture ? picture(points.tile[shown], "small", text) : element("span", text, "tag"));
      kept.hidden = false;
      said.textContent = `kept ${text}`;
    }
    function step(dx, dy) {
      let found = -1, best = Infinity;
      const from = current >= 0 ? [across(current), down(current)] : [width / 2, height / 2];
      for (const i of order) {
        if (i === current || !visible(i)) continue;
        const x = across(i) - from[0], y = down(i) - from[1];
        const along = x * dx + y * dy, beside = Math.abs(x * dy - y * dx);
        const far = current < 0 ? Math.hypot(x, y) : along > 0.5 ? along + 2 * beside : Infinity;
        if (far < best) [found, best] = [i, far];
      }
      if (found < 0) return;
      if (!inside(across(found), down(found))) {
        d3.select(over).call(zoom.translateTo, left + points.x[found] * scale, up + points.y[found] * scale);
      }
      byKey = true;
      show(found);
      said.textContent = facts(found).join(", ");
    }

    // ---- Many points ---------------------------------------------------------------------------
    function choose(indices) {
      chosen = new Uint8Array(n);
      for (const i of indices) chosen[i] = 1;
      const panel = live.querySelector(".chosen"), sides = [0, 0], modes = new Map();
      let off = 0;
      for (const i of indices) {
        sides[group[i] === REFERENCE ? 0 : 1] += 1;
        off += group[i] === OFF;
        const both = modes.get(mode[i]) ?? modes.set(mode[i], [0, 0]).get(mode[i]);
        both[group[i] === REFERENCE ? 0 : 1] += 1;
      }
      const counts = `Chosen: reference ${written(sides[0])}, samples ${written(sides[1])}${off ? `, ${written(off)} of them off the reference` : ""}`;
      panel.querySelector(".counts").textContent = counts;
      const each = [...modes].sort((a, b) => b[1][0] + b[1][1] - a[1][0] - a[1][1]);
      panel.querySelector(".shares").replaceChildren(...(points.labels.length ? each : []).map(([mode, [a, b]]) => {
        const row = element("li", `${written(a)} | ${written(b)}`);
        row.prepend(element("strong", mode < 0 ? "no clear mode" : points.labels[mode]));
        return row;
      }));
      panel.querySelectorAll(".tiles").forEach((box, side) => fill(box, indices, side));
      panel.hidden = false;
      said.textContent = counts;
      ask();
    }
    function fill(box, indices, side) {
      const all = picture ? Array.from(indices).filter((i) => (group[i] === REFERENCE ? 0 : 1) === side && points.tile[i] !== NO_TILE) : [];
      const skip = Math.max(1, all.length / MOST_TILES);
      const some = d3.range(Math.min(all.length, MOST_TILES)).map((j) => all[Math.floor(j * skip)]);
      box.replaceChildren(...some.map((i) => picture(points.tile[i], "small", facts(i).join(", "))));
      box.parentElement.hidden = !some.length;
    }
    const within = (polygon) => {
      const [x0, x1] = d3.extent(polygon, (p) => p[0]), [y0, y1] = d3.extent(polygon, (p) => p[1]);
      return order.filter((i) => {
        const x = across(i), y = down(i);
        return x >= x0 && x <= x1 && y >= y0 && y <= y1 && visible(i) && d3.polygonContains(polygon, [x, y]);
      });
    };
    function clear() {
      chosen = lasso = null;
      live.querySelector(".chosen").hidden = live.querySelector(".kept").hidden = true;
      live.querySelectorAll(".tiles").forEach((box) => box.replaceChildren());
      show(-1);
      ask();
    }

    // ---- What the reader does ------------------------------------------------------------------
    const button = (name) => live.querySelector(`[data-do="${name}"]`);
    const zoom = d3.zoom().scaleExtent([1, 60]).clickDistance(4)
      .filter((event) => {
        if (event.type === "wheel") return event.ctrlKey || event.metaKey || document.activeElement === over;
        if (event.type === "dblclick") return false;
        if (event.touches) return event.touches.length > 1;
        return !event.button && !event.shiftKey && !lassoing();
      })
      .on("zoom", (event) => {
        at = event.transform;
        tip.hidden = true;
        ask();
      });
    const lassoing = () => button("lasso").getAttribute("aria-pressed") === "true";
    const arm = (on) => {
      button("lasso").setAttribute("aria-pressed", on);
      over.classList.toggle("lasso", on);
    };
    const place = (event) => d3.pointer(event, over);
    const zoomBy = (factor) => d3.select(over).call(zoom.scaleBy, factor);
    const zoomOut = () => d3.select(over).call(zoom.transform, d3.zoomIdentity);
    const toggled = (one) => {
      const shown = one.getAttribute("aria-pressed") !== "true";
      press(one, shown);
      redrawn();
    };
    const press = (one, shown) => {
      one.setAttribute("aria-pressed", shown);
      const kind = one.dataset.group ? "group" : "mode";
      hidden[kind][Number(one.dataset[kind]) + (kind === "mode")] = !shown;
    };
    const redrawn = () => {
      if (current >= 0 && !visible(current)) show(-1);
      ask();
    };

    over.addEventListener("pointerdown", (event) => {
      drawn = byKey = false;
      if (event.button || !(event.shiftKey || lassoing())) return;
      lasso = [place(event)];
      over.setPointerCapture(event.pointerId);
      show(-1);
      event.preventDefault();
      over.focus({ preventScroll: true });
    });
    over.addEventListener("pointermove", (event) => {
      if (lasso) {
        lasso.push(place(event));
        drawOver();
      } else if (event.pointerType !== "touch" && !event.buttons) {
        byKey = false;
        show(find(...place(event)));
      }
    });
    over.addEventListener("pointerup", () => {
      if (!lasso) return;
      const polygon = lasso;
      lasso = null;
      drawn = true; // the click that follows is part of the lasso
      arm(false);
      if (polygon.length > 2) choose(within(polygon));
      else drawOver();
    });
    over.addEventListener("pointercancel", () => {
      lasso = null;
      drawOver();
    });
    over.addEventListener("pointerleave", () => { if (!byKey) show(-1); });
    over.addEventListener("click", (event) => {
      if (drawn || event.shiftKey) return;
      show(find(...place(event)));
      keep(current);
    });
    over.addEventListener("blur", () => show(-1));
    over.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const act = {
        ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1), ArrowDown: () => step(0, 1),
        Enter: () => keep(current), " ": () => keep(current), Escape: clear,
        "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: zoomOut,
      }[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
    live.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
    live.addEventListener("click", (event) => {
      const one = event.target.closest("button");
      if (!one) return;
      if (one.dataset.group || one.dataset.mode) toggled(one);
      if (one.dataset.all) {
        live.querySelectorAll("[data-mode]").forEach((other) => press(other, one.dataset.all === "true"));
        redrawn();
      }
      ({
        lasso: () => arm(!lassoing()),
        view: () => choose(order.filter((i) => visible(i) && inside(across(i), down(i)))),
        in: () => zoomBy(1.5), out: () => zoomBy(1 / 1.5), reset: zoomOut, clear,
      })[one.dataset.do]?.();
    });
    live.addEventListener("change", () => {
      rule = map.dataset.colour = new FormData(live).get("colour");
      marks = null;
      ask();
    });
    for (const one of live.querySelectorAll("[data-mode]")) {
      const light = (mode) => () => { spotlight = mode; ask(); };
      one.addEventListener("pointerenter", light(Number(one.dataset.mode)));
      one.addEventListener("pointerleave", light(null));
    }
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { marks = null; ask(); });
    new ResizeObserver(() => {
      [width, height] = [paper.clientWidth, paper.clientHeight];
      if (!width) return;
      for (const canvas of [ink, over]) [canvas.width, canvas.height] = [width * fine, height * fine];
      const room = Math.min(width, height, 4 * GAP) / 4;
      scale = Math.min((width - 2 * room) / points.width, (height - 2 * room) / points.height);
      left = (width - points.width * scale) / 2;
      up = (height - points.height * scale) / 2;
      zoom.extent([[0, 0], [width, height]]).translateExtent([[0, 0], [width, height]]);
      draw();
    }).observe(paper);
    d3.select(over).call(zoom);
    setTimeout(() => { tree ??= grow(order); }, 300); // before the first hover asks for it
    live.hidden = false;
    map.classList.add("open");
  }

  document.querySelectorAll(".map").forEach(open);
})();
