/** What a house front looks like; lengths in metres. */
export interface Front {
  readonly seed: number;
  readonly width: number;
  /** Height of the wall up to the eaves. */
  readonly height: number;
  readonly wall: number;
  readonly trim: number;
  readonly accent: number;
  readonly surface: 'plaster' | 'brick' | 'timber';
  readonly bays: number;
  readonly floors: number;
  readonly sign?: string;
  readonly shutters?: boolean;
  /** Outline of the whole front, anticlockwise from the bottom left corner. */
  readonly outline: readonly (readonly [number, number])[];
  /** Height of the highest point. */
  readonly top: number;
}

/** How a front ends at the top; `eaves` has a roof that slopes towards the square. */
export type Gable = 'step' | 'triangle' | 'bell' | 'eaves';
/** A house of the row before its outline is known. */
export type Plan = Omit<Front, 'outline' | 'top' | 'seed'> & { readonly gable: Gable; readonly roof: number };

/** The row of houses from left to right. Its fronts lie on the far plane. */
export const ROW: readonly Plan[] = [
  plan(8.2, 9.6, 'eaves', 'plaster', 0xe0b36a, 0xf3e6cc, 0x2f5d50, 4, 2, 'GRAND HOTEL', 0x8a4433, true),
  plan(6.4, 8.8, 'step', 'brick', 0x9a5646, 0xe9dcc3, 0x1f3d5a, 3, 2, 'BOOKS', 0x6d3a2e),
  plan(7.0, 8.2, 'triangle', 'timber', 0xefe2c4, 0x4a3222, 0x6b2f23, 3, 2, 'THE ANCHOR', 0x7d4030),
  plan(6.2, 10, 'bell', 'plaster', 0x6f9aa8, 0xf4f0e4, 0x3a2f45, 3, 3, 'FLORIST', 0x54463f),
  plan(7.4, 9.2, 'eaves', 'plaster', 0xc9705a, 0xf2e3cf, 0x44503a, 4, 2, 'PHARMACY', 0x7a3b30, true),
  plan(5.8, 9.8, 'step', 'brick', 0xb0745a, 0xf0e5d0, 0x15483f, 3, 3, 'CLOCKS', 0x6a352c),
  plan(6.6, 8.6, 'triangle', 'plaster', 0xe9d28e, 0x8d5a3a, 0x7a2c2c, 3, 2, 'BAKERY', 0x8c4936, true),
  plan(6.0, 10.2, 'bell', 'brick', 0x845049, 0xefe6d6, 0x24405e, 3, 3, 'TEA & SPICE', 0x4c4540),
  plan(7.2, 8.8, 'eaves', 'timber', 0xf1e6cf, 0x503726, 0x2c4a34, 4, 2, 'OLD TOWN CAFE', 0x84443a),
  plan(6.2, 9.4, 'step', 'plaster', 0x9fb487, 0xf5efdc, 0x59302f, 3, 2, 'MUSIC', 0x70392f),
  plan(7.6, 10, 'triangle', 'brick', 0xa5664e, 0xf0e2c8, 0x22384e, 4, 3, 'TOWN MUSEUM', 0x5e4a44),
  plan(6.4, 9, 'bell', 'plaster', 0xdc9a7c, 0xf6ead6, 0x31524c, 3, 2, 'SHOES', 0x7e4034, true),
  plan(7.8, 9.4, 'eaves', 'brick', 0x8c5848, 0xeadfc9, 0x3f3a5c, 4, 2, 'POST OFFICE', 0x713b33),
];

function plan(
  width: number,
  height: number,
  gable: Gable,
  surface: Front['surface'],
  wall: number,
  trim: number,
  accent: number,
  bays: number,
  floors: number,
  sign: string,
  roof: number,
  shutters = false,
): Plan {
  return { width, height, gable, surface, wall, trim, accent, bays, floors, sign, roof, shutters };
}

/** The outline of a front: the wall and what its gable adds, anticlockwise from the bottom left. */
export function outlineOf(w: number, h: number, gable: Gable): [number, number][] {
  const foot: [number, number][] = [
    [0, 0],
    [w, 0],
  ];
  if (gable === 'eaves') return [...foot, [w, h], [0, h]];
  const rise = w * 0.62;
  if (gable === 'triangle') return [...foot, [w, h], [w / 2, h + rise], [0, h]];
  const half: [number, number][] = [];
  if (gable === 'step') {
    const steps = 5;
    for (let i = 0; i < steps; i += 1) {
      const x = w - (i * w) / 2 / (steps + 0.2);
      half.push([x, h + (rise * i) / steps], [x, h + (rise * (i + 1)) / steps]);
    }
  } else {
    for (let i = 0; i <= 14; i += 1) {
      const t = i / 14;
      const x = w / 2 + (w / 2) * (1 - 0.62 * t ** 0.6 - 0.14 * Math.sin(t * Math.PI));
      half.push([x, h + rise * 0.86 * t]);
    }
    for (let i = 0; i <= 8; i += 1) {
      const a = (i / 8) * (Math.PI / 2);
      half.push([w / 2 + w * 0.17 * Math.cos(a), h + rise * (0.88 + 0.17 * Math.sin(a))]);
    }
  }
  return [...foot, ...half, ...half.map(([x, y]): [number, number] => [w - x, y]).toReversed()];
}

/** The front of each house on the far plane, in metres: left, right and height of the wall below its gable. */
export function frontsOnFarPlane(): { left: number; right: number; height: number }[] {
  const width = ROW.reduce((sum, each) => sum + each.width, 0);
  let left = -width / 2;
  return ROW.map((each) => {
    const front = { left, right: left + each.width, height: each.height };
    left += each.width;
    return front;
  });
}
