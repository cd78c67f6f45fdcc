import { ValidateBy } from 'class-validator';
import type { ManualGeometry } from '../../contract/warp-state.ts';
import { manualFault } from '../../geometry/manual-geometry.ts';

const MAX_POINTS_PER_SIDE = 65;
/** Control points may lie outside the canvas, but not beyond any picture. */
const MAX_COORDINATE = 100_000;
const MAX_SIDE_PX = 7680;

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isSide = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 16 && (value as number) <= MAX_SIDE_PX;
const isCoordinate = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) <= MAX_COORDINATE;
const isPoint = (value: unknown): boolean => Array.isArray(value) && value.length === 2 && value.every(isCoordinate);

/** Rows × columns of a mesh, or undefined when it is none. */
function meshShape(mesh: unknown): readonly [number, number] | undefined {
  if (!Array.isArray(mesh) || mesh.length < 2 || mesh.length > MAX_POINTS_PER_SIDE) return undefined;
  const columns = Array.isArray(mesh[0]) ? mesh[0].length : 0;
  if (columns < 2 || columns > MAX_POINTS_PER_SIDE) return undefined;
  const isRow = (row: unknown): boolean => Array.isArray(row) && row.length === columns && row.every(isPoint);
  return mesh.every(isRow) ? [mesh.length, columns] : undefined;
}

function unknownKey(value: Fields, known: readonly string[]): string | undefined {
  const key = Object.keys(value).find((name) => !known.includes(name));
  return key === undefined ? undefined : `has a key that is not known; known are ${known.join(', ')}`;
}

function meshesMistake(width: unknown, height: unknown, meshes: Fields): string | undefined {
  if (!isSide(width) || !isSide(height)) {
    return `needs width and height of the canvas, whole numbers from 16 to ${MAX_SIDE_PX}`;
  }
  const reference = meshShape(meshes['reference']);
  const target = meshShape(meshes['target']);
  if (reference === undefined || target === undefined) {
    return `needs reference and target: 2 to ${MAX_POINTS_PER_SIDE} rows of as many [x, y] points, canvas pixels`;
  }
  return reference.join() === target.join() ? undefined : 'needs as many rows and points in reference as in target';
}

function homographyMistake(value: Fields): string | undefined {
  const matrix = value['homography'];
  if (!Array.isArray(matrix) || matrix.length !== 9 || !matrix.every((item) => Number.isFinite(item))) {
    return 'needs homography: nine numbers, row by row, reference ← target';
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0] = matrix as number[];
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  if (Math.abs(determinant) < 1e-6) return 'has a homography that cannot be inverted';
  if (isSide(value['view_width']) && isSide(value['view_height'])) return undefined;
  return `needs view_width and view_height, whole numbers from 16 to ${MAX_SIDE_PX}`;
}

/** What is wrong with a manual geometry, in plain words, or undefined. */
export function geometryMistake(value: unknown): string | undefined {
  if (!isObject(value)) return 'must be an object of kind meshes, homography or report';
  return formMistake(value) ?? manualFault(toManualGeometry(value));
}

function formMistake(value: Fields): string | undefined {
  switch (value['kind']) {
    case 'meshes':
      return (
        unknownKey(value, ['kind', 'width', 'height', 'reference', 'target']) ??
        meshesMistake(value['width'], value['height'], value)
      );
    case 'report':
      if (!isObject(value['frame'])) return 'needs frame: one of the frames of a report of seamline stitch';
      return (
        unknownKey(value, ['kind', 'width', 'height', 'frame']) ??
        meshesMistake(value['width'], value['height'], value['frame'])
      );
    case 'homography':
      return unknownKey(value, ['kind', 'homography', 'view_width', 'view_height']) ?? homographyMistake(value);
    default:
      return 'needs kind: meshes, homography or report';
  }
}

/** A manual geometry as `geometryMistake` accepts it. */
export function IsGeometry(): PropertyDecorator {
  return ValidateBy({
    name: 'isGeometry',
    validator: {
      validate: (value: unknown) => geometryMistake(value) === undefined,
      defaultMessage: (args) => geometryMistake(args?.value) ?? '',
    },
  });
}

/** The checked value in the contract's form: a frame of a report becomes meshes. */
export function toManualGeometry(value: Fields): ManualGeometry {
  if (value['kind'] !== 'report') return value as unknown as ManualGeometry;
  const { reference, target } = value['frame'] as Fields;
  const { width, height } = value;
  return { kind: 'meshes', width, height, reference, target } as unknown as ManualGeometry;
}
