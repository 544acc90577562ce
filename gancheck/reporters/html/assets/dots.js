"use strict";
// Dots on a canvas, blended by hand: drawing tens of thousands of discs takes many times as long.
const dots = (() => {
  const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  /** Numbers of 16 bits as shares of 0..1. */
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
  /** White pixels with points in grey, which are given in shares of width and height. */
  const paper = (width, height, points, fine) => {
    const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
    const half = Math.max(1, Math.round(fine));
    for (let i = 0; i < points.length; i += 2) {
      const x = Math.round(points[i] * width), y = Math.round(points[i + 1] * height);
      for (let down = Math.max(0, y - half); down < Math.min(height, y + half); down++) {
        for (let right = Math.max(0, x - half); right < Math.min(width, x + half); right++) {
          pixels.fill(0xbb, 4 * (down * width + right), 4 * (down * width + right) + 3);
        }
      }
    }
    return pixels;
  };
  /** Put a disc of one colour on a picture. */
  const put = ({ data, width, height }, disc, x, y, red, green, blue) => {
    const inside = x >= disc.reach && x < width - disc.reach && y >= disc.reach && y < height - disc.reach;
    for (let k = 0; k < disc.size; k++) {
      const right = x + disc.right[k], down = y + disc.down[k];
      if (!inside && (right < 0 || right >= width || down < 0 || down >= height)) continue;
      const p = 4 * (down * width + right), cover = disc.cover[k];
      data[p] += (cover * (red - data[p])) >> 8;
      data[p + 1] += (cover * (green - data[p + 1])) >> 8;
      data[p + 2] += (cover * (blue - data[p + 2])) >> 8;
    }
  };

  return { bytes, places, stamp, paper, put };
})();
