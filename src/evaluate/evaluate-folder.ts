import { join } from 'node:path';
import type { ReportFrame } from '../contract/report.ts';
import { readPicture } from '../model-tools/picture.ts';
import type { Baselines } from './baselines.ts';
import type { EvaluationCase } from './cases.ts';
import { evaluateSubject, type Evaluated, type Row } from './evaluate-case.ts';
import type { OfflineAnswer, OfflineRun } from './offline-run.ts';
import { makeClip, takeFrames } from './picture-files.ts';
import { toPlane } from './plane-picture.ts';
import { truthInPlanes } from './truth.ts';

/** Unrelated pairs that are put into one clip. */
const CLIP_LENGTH = 250;

/** What the cases of a folder are measured with. */
export interface Instruments {
  readonly offline: OfflineRun;
  /** Undefined for none. */
  readonly baselines: Baselines | undefined;
  /** Path of the program. */
  readonly ffmpeg: string;
  /** Frames of a clip that are measured, evenly spread. */
  readonly clipFrames: number;
  /** Least confidence with which the pipeline takes an alignment. */
  readonly threshold: number;
  readonly signal: AbortSignal;
}

/** Measures all cases, one after the other. */
export async function* evaluateCases(cases: readonly EvaluationCase[], tools: Instruments): AsyncGenerator<Evaluated> {
  for (const one of cases.filter(({ kind }) => kind !== 'unrelated')) {
    tools.signal.throwIfAborted();
    if (one.kind === 'clip') yield* evaluateClip(one, tools);
    else yield await evaluatePair(one, tools);
  }
  const unrelated = cases.filter(({ kind }) => kind === 'unrelated');
  for (let first = 0; first < unrelated.length; first += CLIP_LENGTH) {
    tools.signal.throwIfAborted();
    yield* evaluateUnrelated(unrelated.slice(first, first + CLIP_LENGTH), tools);
  }
}

async function evaluatePair(one: EvaluationCase, tools: Instruments): Promise<Evaluated> {
  const answer = await tools.offline.stitch(one.left, one.right);
  return evaluateFiles(one, one.name, answer, answer.report.frames[0], tools);
}

async function evaluateFiles(
  { kind, left, right, truth }: EvaluationCase,
  name: string,
  { report, reason }: OfflineAnswer,
  frame: ReportFrame | undefined,
  { baselines, ffmpeg }: Instruments,
): Promise<Evaluated> {
  const pictures = { left: await readPicture(ffmpeg, left), right: await readPicture(ffmpeg, right) };
  return evaluateSubject({
    name,
    kind,
    ...pictures,
    report,
    frame,
    reason,
    baselines: await baselines?.find(left, right),
    truth: truth === undefined ? undefined : truthInPlanes(truth, pictures.left, pictures.right),
  });
}

/** The whole clip is stitched, as a user would; frames spread over it are measured. */
async function* evaluateClip(one: EvaluationCase, tools: Instruments): AsyncGenerator<Evaluated> {
  const { offline, ffmpeg, clipFrames } = tools;
  const answer = await offline.stitch(one.left, one.right, true);
  const { frames } = answer.report;
  const count = Math.min(clipFrames, frames.length);
  const chosen = Array.from(
    { length: count },
    (_none, index) => frames[Math.floor(((index + 0.5) * frames.length) / count)]!,
  );
  const take = (clip: string, side: 0 | 1): Promise<string[]> =>
    takeFrames(
      ffmpeg,
      clip,
      chosen.map(({ source_index: at }) => at[side]),
      offline.folder,
      String(side),
    );
  const [lefts, rights] = [await take(one.left, 0), await take(one.right, 1)];
  for (const [index, frame] of chosen.entries()) {
    const files = { ...one, left: lefts[index]!, right: rights[index]! };
    yield await evaluateFiles(files, `${one.name} @${frame.source_index[0]}`, answer, frame, tools);
  }
}

/** Pairs that must be refused: only their confidence counts, so that one clip holds them all. */
async function* evaluateUnrelated(cases: readonly EvaluationCase[], tools: Instruments): AsyncGenerator<Evaluated> {
  const { offline, ffmpeg, threshold } = tools;
  const [left, right] = [join(offline.folder, 'left.mkv'), join(offline.folder, 'right.mkv')];
  await makeClip(
    ffmpeg,
    cases.map((one) => one.left),
    left,
  );
  await makeClip(
    ffmpeg,
    cases.map((one) => one.right),
    right,
  );
  const { report } = await offline.stitch(left, right, true);
  for (const [index, one] of cases.entries()) {
    const confidence = report.frames[index]?.confidence ?? 1;
    const isAccepted = confidence >= threshold;
    const row: Row = {
      name: one.name,
      kind: 'unrelated',
      accepted: isAccepted,
      confidence,
      reason: isAccepted ? '' : 'nothing in common was found',
      fault: undefined,
      ssim: undefined,
      psnrDb: undefined,
      errorPx: undefined,
      overlap: undefined,
      scale: undefined,
      bend: undefined,
      ransac: undefined,
      magsacEcc: undefined,
    };
    yield { row, ours: undefined, baseline: undefined, ...(await picturesOf(one, isAccepted, ffmpeg)) };
  }
}

/** Only what is shown is read. */
async function picturesOf(
  { left, right }: EvaluationCase,
  isShown: boolean,
  ffmpeg: string,
): Promise<Pick<Evaluated, 'left' | 'right'>> {
  const nothing = { widthPx: 0, heightPx: 0, rgb: new Uint8Array(0) };
  if (!isShown) return { left: nothing, right: nothing };
  return { left: toPlane(await readPicture(ffmpeg, left)), right: toPlane(await readPicture(ffmpeg, right)) };
}
