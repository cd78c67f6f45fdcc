/** What a line of the decoder's stderr is. */
export type DecoderLine =
  | { readonly kind: 'time'; readonly ptsTicks: number | undefined }
  | { readonly kind: 'noise' }
  | { readonly kind: 'message' };

const TIME = /^frame:\s*\d+\s+pts:\s*(-?\d+|NOPTS)/;
/** The other half of what the metadata filter prints, and what ffmpeg says about every second frame without harm. */
const NOISE = /^t=1$|non monotonically increasing dts|Past duration|deprecated pixel format/;
const VIDEO_SIZE = /Video: ([a-z0-9]+)\b.*?, (\d{2,5})x(\d{2,5})[ ,[]/;

/** Sorts a line: times of frames (ffmpeg's metadata filter), harmless repetitions, and the rest. */
export function readDecoderLine(line: string): DecoderLine {
  const time = TIME.exec(line)?.[1];
  if (time !== undefined) return { kind: 'time', ptsTicks: time === 'NOPTS' ? undefined : Number(time) };
  return { kind: NOISE.test(line) ? 'noise' : 'message' };
}

/** Codec and size of the input when the line tells them. */
export function readStreamLine(
  line: string,
): { readonly codec: string; readonly widthPx: number; readonly heightPx: number } | undefined {
  const match = VIDEO_SIZE.exec(line);
  if (match === null) return undefined;
  const [, codec = '', width = '', height = ''] = match;
  return { codec: codec === 'hevc' ? 'h265' : codec, widthPx: Number(width), heightPx: Number(height) };
}
