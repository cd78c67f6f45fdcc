/**
 * A network of one 3×3 convolution, 1×16×64×64 → 1×16×64×64, as the bytes of an ONNX file (onnx.proto, opset 13):
 * enough to see whether a provider loads, computes rightly and is a real device.
 */

/** Channels and side of the probe's input. */
export const PROBE_CHANNELS = 16;
export const PROBE_SIDE = 64;
/** Every weight of the probe: an inner value of its output on an input of ones is 1. */
export const PROBE_WEIGHT = 1 / (9 * PROBE_CHANNELS);

const encoder = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** A protobuf field: whole number, or anything with a length. */
function field(number: number, value: number | string | readonly number[]): number[] {
  if (typeof value === 'number') return [...varint(number * 8), ...varint(value)];
  const bytes = typeof value === 'string' ? [...encoder.encode(value)] : value;
  return [...varint(number * 8 + 2), ...varint(bytes.length), ...bytes];
}

/** TypeProto of a float tensor inside ValueInfoProto. */
function valueInfo(name: string, shape: readonly number[]): number[] {
  const dimensions = shape.flatMap((side) => field(1, field(1, side)));
  return [...field(1, name), ...field(2, field(1, [...field(1, 1), ...field(2, dimensions)]))];
}

function integersAttribute(name: string, values: readonly number[]): number[] {
  return field(5, [...field(1, name), ...values.flatMap((value) => field(8, value)), ...field(20, 7)]);
}

/** The file's bytes. */
export function probeModel(): Uint8Array {
  const image = [1, PROBE_CHANNELS, PROBE_SIDE, PROBE_SIDE];
  const weights = new Uint8Array(new Float32Array(PROBE_CHANNELS * PROBE_CHANNELS * 9).fill(PROBE_WEIGHT).buffer);
  const shape = [PROBE_CHANNELS, PROBE_CHANNELS, 3, 3];
  const tensor = [
    ...shape.flatMap((side) => field(1, side)),
    ...field(2, 1),
    ...field(8, 'w'),
    ...field(9, [...weights]),
  ];
  const node = [
    ...field(1, 'x'),
    ...field(1, 'w'),
    ...field(2, 'y'),
    ...field(4, 'Conv'),
    ...integersAttribute('kernel_shape', [3, 3]),
    ...integersAttribute('pads', [1, 1, 1, 1]),
  ];
  const graph = [
    ...field(1, node),
    ...field(2, 'probe'),
    ...field(5, tensor),
    ...field(11, valueInfo('x', image)),
    ...field(12, valueInfo('y', image)),
  ];
  return Uint8Array.from([...field(1, 8), ...field(7, graph), ...field(8, field(2, 13))]);
}
