import { join } from 'node:path';
import { SeamlineError } from '../common/seamline-error.ts';
import type { ReportFrame } from '../contract/report.ts';
import { readPicture } from '../model-tools/picture.ts';
import type { Baselines } from './baselines.ts';
import type { EvaluationCase } from './cases.ts';
import { bareRow, evaluateSubject, type Evaluated } from './evaluate-case.ts';
import { FailedCases, withoutPictures } from './failed-case.ts';
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

/** Measures all cases, one after the other; one that fails is kept as a row that says why. */
export async function* evaluateCases(cases: readonly EvaluationCase[], tools: Instruments): AsyncGenerator<Evaluated> {
  const failed = new FailedCases(tools.baselines, tools.signal);
  for (const one of cases.filter(({ kind }) => kind !== 'unrelated')) {
    tools.signal.throwIfAborted();
    try {
      if (one.kind === 'clip') yield* evaluateClip(one, tools);
      else yield await evaluatePair(one, tools);
    } catch (error) {
      yield await failed.keep(one, error);
    }
  }
  const unrelated = cases.filter(({ kind }) => kind === 'unrelated');
  for (let first = 0; first < unrelated.length; first += CLIP_LENGTH) {
    tools.signal.throwIfAborted();
    yield* evaluateUnrelated(unrelated.slice(first, first + CLIP_LENGTH), tools, failed);
  }
}

async function evaluatePair(one: EvaluationCase, tools: Instruments): Promise<Evaluated> {
  const answer = await tools.offline.stitch(one.left, one.right);
  return evaluateFiles(one, one.name, answer, answer.report.frames[0], tools);
}

async function evaluateFiles(
  { kind, source, left, right, truth }: EvaluationCase,
  name: string,
  { report, reason }: OfflineAnswer,
  frame: ReportFrame | undefined,
  { baselines, ffmpeg }: Instruments,
): Promise<Evaluated> {
  const pictures = { left: await readPicture(ffmpeg, left), right: await readPicture(ffmpeg, right) };
  return evaluateSubject({
    name,
    kind,
    source,
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
async function* evaluateUnrelated(
  cases: readonly EvaluationCase[],
  tools: Instruments,
  failed: FailedCases,
): AsyncGenerator<Evaluated> {
  const frames = await framesOfClip(cases, tools);
  for (const [index, one] of cases.entries()) {
    tools.signal.throwIfAborted();
    try {
      const frame = frames?.[index] ?? (await tools.offline.stitch(one.left, one.right)).report.frames[0];
      yield await evaluateStranger(one, frame?.confidence ?? 1, tools);
    } catch (error) {
      yield await failed.keep(one, error);
    }
  }
}

/** One frame for each pair, or undefined when a picture among them cannot be put into a clip. */
async function framesOfClip(
  cases: readonly EvaluationCase[],
  { offline, ffmpeg, signal }: Instruments,
): Promise<readonly ReportFrame[] | undefined> {
  const clips = [join(offline.folder, 'left.mkv'), join(offline.folder, 'right.mkv')] as const;
  try {
    for (const [clip, side] of [
      [clips[0], 'left'],
      [clips[1], 'right'],
    ] as const) {
      const pictures = cases.map((one) => one[side]);
      await makeClip(ffmpeg, pictures, clip);
    }
    const { frames } = (await offline.stitch(...clips, true)).report;
    // ffmpeg leaves out what it cannot read, and all later frames would be taken for other pairs.
    return frames.length === cases.length ? frames : undefined;
  } catch (error) {
    // Pair by pair it comes out which picture is at fault.
    if (signal.aborted || !(error instanceof SeamlineError)) throw error;
    return undefined;
  }
}

async function evaluateStranger(
  one: EvaluationCase,
  confidence: number,
  { ffmpeg, threshold }: Instruments,
): Promise<Evaluated> {
  const accepted = confidence >= threshold;
  const reason = accepted ? '' : 'the views could not be brought together';
  const row = bareRow(one, { accepted, confidence, reason, failure: undefined });
  // Only what is shown is read.
  if (!accepted) return withoutPictures(row);
  const left = toPlane(await readPicture(ffmpeg, one.left));
  return { ...withoutPictures(row), left, right: toPlane(await readPicture(ffmpeg, one.right)) };
}
