import { between, pick, randomFrom } from '../random.ts';
import type { Random } from '../random.ts';
import type { Front } from '../row.ts';
import { css, shade, stain } from './paint.ts';
import type { Pen } from './paint.ts';

/** Height of the ground floor, metres. */
const GROUND_FLOOR = 3.5;
/** Texture resolution, pixels per metre. */
export const DENSITY = 60;

/** Draws a front; the pen works in metres with y upwards and the origin at the bottom left corner. */
export function drawFront(pen: Pen, front: Front): void {
  const random = randomFrom(front.seed);
  pen.setTransform(DENSITY, 0, 0, -DENSITY, 0, front.top * DENSITY);
  drawWall(pen, random, front);
  if (front.surface === 'timber') drawBeams(pen, front);
  drawCourses(pen, front);
  drawFloors(pen, random, front);
  drawGable(pen, random, front);
  drawShop(pen, random, front);
  outline(pen, front);
}

function drawWall(pen: Pen, random: Random, front: Front): void {
  pen.fillStyle = css(front.wall);
  pen.fillRect(0, 0, front.width, front.top);
  if (front.surface === 'brick') {
    const [length, course] = [0.52, 0.2];
    for (let row = 0; row * course < front.top; row += 1) {
      for (let x = row % 2 === 0 ? 0 : -length / 2; x < front.width; x += length) {
        pen.fillStyle = shade(random, front.wall, 20);
        pen.fillRect(x + 0.015, row * course + 0.015, length - 0.03, course - 0.03);
      }
    }
  }
  stain(pen, random, front.width, front.top, 46, front.surface === 'brick' ? 0.1 : 0.13);
  const foot = pen.createLinearGradient(0, 0, 0, 1.4);
  foot.addColorStop(0, 'rgb(30 25 20 / 0.4)');
  foot.addColorStop(1, 'rgb(30 25 20 / 0)');
  pen.fillStyle = foot;
  pen.fillRect(0, 0, front.width, 1.4);
}

function drawBeams(pen: Pen, front: Front): void {
  pen.strokeStyle = css(0x4a3222);
  pen.lineWidth = 0.2;
  const storey = (front.height - GROUND_FLOOR) / front.floors;
  for (let y = GROUND_FLOOR; y < front.top; y += storey) {
    line(pen, 0, y, front.width, y);
    const step = front.width / front.bays;
    for (let i = 0; i <= front.bays; i += 1) line(pen, i * step, y, i * step, y + storey);
    for (const side of [0, 1]) {
      const x = side === 0 ? 0 : front.width;
      line(pen, x, y, x + (side === 0 ? step : -step), y + storey);
      line(pen, x + (side === 0 ? step : -step), y, x, y + storey);
    }
  }
}

function line(pen: Pen, x0: number, y0: number, x1: number, y1: number): void {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

function drawCourses(pen: Pen, front: Front): void {
  const storey = (front.height - GROUND_FLOOR) / front.floors;
  if (front.surface !== 'timber') {
    for (let floor = 0; floor <= front.floors; floor += 1) {
      const y = GROUND_FLOOR + floor * storey;
      pen.fillStyle = 'rgb(20 15 10 / 0.3)';
      pen.fillRect(0, y - 0.12, front.width, 0.1);
      pen.fillStyle = css(front.trim);
      pen.fillRect(0, y - 0.03, front.width, 0.2);
    }
    for (let y = 0; y < front.height; y += 0.66) {
      const long = Math.round(y / 0.66) % 2 === 0 ? 0.62 : 0.4;
      pen.fillStyle = css(front.trim, 0.85);
      pen.fillRect(0, y + 0.03, long, 0.6);
      pen.fillRect(front.width - long, y + 0.03, long, 0.6);
    }
  }
}

function drawFloors(pen: Pen, random: Random, front: Front): void {
  const storey = (front.height - GROUND_FLOOR) / front.floors;
  const bay = front.width / front.bays;
  const width = Math.min(1.35, bay * 0.52);
  for (let floor = 0; floor < front.floors; floor += 1) {
    for (let i = 0; i < front.bays; i += 1) {
      const x = (i + 0.5) * bay - width / 2;
      drawWindow(pen, random, front, x, GROUND_FLOOR + floor * storey + storey * 0.26, width, storey * 0.56);
    }
  }
}

function drawWindow(pen: Pen, random: Random, front: Front, x: number, y: number, w: number, h: number): void {
  pen.fillStyle = 'rgb(25 20 15 / 0.35)';
  pen.fillRect(x - 0.1, y - 0.28, w + 0.34, h + 0.4);
  pen.fillStyle = css(front.trim);
  pen.fillRect(x - 0.16, y - 0.14, w + 0.32, h + 0.28);
  pen.fillRect(x - 0.26, y - 0.24, w + 0.52, 0.14);
  pen.fillRect(x - 0.24, y + h + 0.08, w + 0.48, 0.14);
  const glass = pen.createLinearGradient(x, y, x + w * 0.6, y + h);
  glass.addColorStop(0, shade(random, 0x25303a, 12));
  glass.addColorStop(between(random, 0.4, 0.7), shade(random, 0x4a6478, 18));
  glass.addColorStop(1, shade(random, 0x9fbccc, 22));
  pen.fillStyle = glass;
  pen.fillRect(x, y, w, h);
  if (random() < 0.55) {
    pen.fillStyle = css(pick(random, [0xf4ead2, 0xe8d9c8, 0xd6e2e6, 0xe7c9b4]), 0.85);
    pen.fillRect(x, y, w * 0.22, h);
    pen.fillRect(x + w * 0.78, y, w * 0.22, h);
    pen.fillRect(x, y + h * 0.84, w, h * 0.16);
  }
  pen.fillStyle = css(0xf3eee2);
  pen.fillRect(x + w / 2 - 0.045, y, 0.09, h);
  for (const level of [0.36, 0.7]) pen.fillRect(x, y + h * level - 0.035, w, 0.07);
  pen.strokeStyle = css(0xf3eee2);
  pen.lineWidth = 0.08;
  pen.strokeRect(x + 0.04, y + 0.04, w - 0.08, h - 0.08);
  if (front.shutters === true) drawShutters(pen, front, x, y, w, h);
  if (random() < 0.45) drawFlowers(pen, random, x - 0.18, y - 0.16, w + 0.36);
}

function drawShutters(pen: Pen, front: Front, x: number, y: number, w: number, h: number): void {
  const leaf = w * 0.44;
  for (const left of [x - 0.12 - leaf, x + w + 0.12]) {
    pen.fillStyle = css(front.accent);
    pen.fillRect(left, y, leaf, h);
    pen.fillStyle = 'rgb(0 0 0 / 0.28)';
    for (let s = 0.1; s < h - 0.1; s += 0.17) pen.fillRect(left + 0.06, y + s, leaf - 0.12, 0.07);
  }
}

function drawFlowers(pen: Pen, random: Random, x: number, y: number, w: number): void {
  pen.fillStyle = css(0x5d3f2a);
  pen.fillRect(x, y - 0.2, w, 0.24);
  const bloom = pick(random, [0xe2354c, 0xf2b632, 0xf06fa0, 0xffffff]);
  for (let i = 0; i < 46; i += 1) {
    pen.fillStyle = i % 2 === 0 ? shade(random, 0x3f7a34, 26) : shade(random, bloom, 20);
    pen.beginPath();
    pen.arc(x + random() * w, y + between(random, -0.14, 0.3), between(random, 0.04, 0.09), 0, 7);
    pen.fill();
  }
}

function drawGable(pen: Pen, random: Random, front: Front): void {
  const rise = front.top - front.height;
  if (rise < 2) return;
  const w = Math.min(1.3, front.width * 0.2);
  drawWindow(pen, random, front, front.width / 2 - w / 2, front.height + rise * 0.2, w, rise * 0.3);
  pen.fillStyle = css(front.trim);
  pen.beginPath();
  pen.arc(front.width / 2, front.height + rise * 0.68, 0.42, 0, 7);
  pen.fill();
  pen.fillStyle = css(0x2d3a44);
  pen.beginPath();
  pen.arc(front.width / 2, front.height + rise * 0.68, 0.29, 0, 7);
  pen.fill();
}

function drawShop(pen: Pen, random: Random, front: Front): void {
  const w = front.width;
  pen.fillStyle = css(front.accent);
  pen.fillRect(0.5, 0, w - 1, GROUND_FLOOR - 0.25);
  pen.fillStyle = 'rgb(0 0 0 / 0.22)';
  pen.fillRect(0.5, 0, w - 1, 0.5);
  const panes = Math.max(2, Math.round((w - 1) / 1.9));
  const door = Math.floor(random() * panes);
  const pane = (w - 1.2) / panes;
  for (let i = 0; i < panes; i += 1) {
    const [x, low] = [0.6 + i * pane + 0.12, i === door ? 0.08 : 0.62];
    const glass = pen.createLinearGradient(x, low, x + pane, 2.6);
    glass.addColorStop(0, shade(random, 0x2c2a2c, 10));
    glass.addColorStop(0.6, shade(random, 0x57605f, 14));
    glass.addColorStop(1, shade(random, 0xa9b8b8, 16));
    pen.fillStyle = glass;
    pen.fillRect(x, low, pane - 0.24, 2.5 - low);
    if (i === door) {
      pen.fillStyle = shade(random, 0x5a3b26, 12);
      pen.fillRect(x + 0.1, low, pane - 0.44, 1.1);
      pen.fillRect(x + (pane - 0.24) / 2 - 0.05, low, 0.1, 2.4);
    } else drawGoods(pen, random, x + 0.1, low, pane - 0.44);
  }
  const text = front.sign ?? '';
  pen.fillStyle = css(text === '' ? front.trim : 0x2a2420);
  pen.fillRect(0.5, 2.62, w - 1, 0.66);
  if (text === '') return;
  pen.save();
  pen.translate(w / 2, 2.95);
  pen.scale(1, -1);
  pen.fillStyle = css(0xf6d98a);
  pen.font = 'bold 0.5px "DejaVu Serif", serif';
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText(text, 0, 0, w - 1.4);
  pen.restore();
}

function drawGoods(pen: Pen, random: Random, x: number, y: number, w: number): void {
  const palette = [0xd8503c, 0xe9b44c, 0x4d8f6f, 0xf2e7d0, 0x4c78b0, 0xc58bb0];
  for (const shelf of [0.05, 0.7]) {
    for (let at = 0; at < w - 0.2; at += 0.26) {
      pen.fillStyle = css(pick(random, palette), 0.9);
      pen.fillRect(x + at, y + shelf, 0.2, between(random, 0.15, 0.5));
    }
  }
}

function outline(pen: Pen, front: Front): void {
  const last = front.outline.length - 1;
  for (const [width, color] of [
    [0.7, 'rgb(20 15 10 / 0.3)'],
    [0.5, css(front.trim)],
  ] as const) {
    pen.lineWidth = width;
    pen.strokeStyle = color;
    pen.beginPath();
    front.outline.slice(1, last + 1).forEach(([x, y], i) => (i === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
    pen.lineTo(...(front.outline[0] as [number, number]));
    pen.stroke();
  }
}
