// Pictures for the tests: made, and read back from screenshots.
import { crc32 } from "./crc.mjs";
import { deflateSync, inflateSync } from "node:zlib";

function chunk(type, data) {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}

/// A PNG whose pixel at (x, y) is `color(x, y)`, three numbers below 256.
export function png(width, height, color) {
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0, at = 0; y < height; ++y) {
    ++at;  // the filter: none
    for (let x = 0; x < width; ++x) for (const value of color(x, y)) rows[at++] = value;
  }
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

export const plain = (width, height, rgb) => png(width, height, () => rgb);

/// A screenshot's pixels: { width, height, at(x, y) → [r, g, b] }. Reads what browsers write: 8 bits, RGB or RGBA, one
/// pass.
export function pixels(file) {
  const width = file.readUInt32BE(16), height = file.readUInt32BE(20), depth = file[25] === 6 ? 4 : 3;
  const parts = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const raw = inflateSync(Buffer.concat(parts)), stride = width * depth;
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; ++y) unfilter(raw.subarray(y * (stride + 1), (y + 1) * (stride + 1)), out, y * stride, stride, depth);
  return { width, height, at: (x, y) => [...out.subarray(y * stride + x * depth, y * stride + x * depth + 3)] };
}

function unfilter(row, out, begin, stride, depth) {
  for (let i = 0; i < stride; ++i) {
    const left = i >= depth ? out[begin + i - depth] : 0;
    const above = begin > 0 ? out[begin + i - stride] : 0;
    const corner = begin > 0 && i >= depth ? out[begin + i - stride - depth] : 0;
    out[begin + i] = row[i + 1] + [0, left, above, (left + above) >> 1, paeth(left, above, corner)][row[0]];
  }
}

function paeth(left, above, corner) {
  const guess = left + above - corner;
  const [a, b, c] = [left, above, corner].map((value) => Math.abs(guess - value));
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/// The largest difference of any channel between two pictures of the same size, in the share of pixels given.
export function differs(a, b, tolerance = 8) {
  if (a.width !== b.width || a.height !== b.height) return 1;
  let count = 0;
  for (let y = 0; y < a.height; ++y) {
    for (let x = 0; x < a.width; ++x) {
      const [p, q] = [a.at(x, y), b.at(x, y)];
      if (p.some((value, i) => Math.abs(value - q[i]) > tolerance)) ++count;
    }
  }
  return count / (a.width * a.height);
}
