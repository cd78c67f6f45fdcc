/**
 * What a job gives up when the machine cannot keep up, and when it takes it back: pure, one step a second. Its delay
 * never grows, since every hop drops what it cannot do; this decides what is not even tried.
 */

/** What was seen of one second. */
export interface LoadSample {
  /** Panoramas that were handed to the encoder, and pictures that some hop had to give up. */
  readonly made: number;
  readonly dropped: number;
  /** Shortest time that the coded pictures before a decoder spanned during the second: a queue that stands, ms. */
  readonly backlogMs: number;
  /** Median time from a pair to its encoded panorama, ms. */
  readonly workMs: number;
  /** Panoramas wanted a second. */
  readonly fps: number;
}

/** How much of the full work is done. */
export interface LoadLevel {
  /** Parts of the networks' pace: 1, 2 (half as often), 4. */
  readonly networksSlowdown: number;
  /** Share of the frame rate. */
  readonly rateShare: number;
  /** Share of the working size, each side. */
  readonly sizeShare: number;
}

/** First the cadence of the networks, then the frame rate, then the working size (architecture.md, section 7). */
export const LEVELS: readonly LoadLevel[] = [
  { networksSlowdown: 1, rateShare: 1, sizeShare: 1 },
  { networksSlowdown: 2, rateShare: 1, sizeShare: 1 },
  { networksSlowdown: 4, rateShare: 1, sizeShare: 1 },
  { networksSlowdown: 4, rateShare: 2 / 3, sizeShare: 1 },
  { networksSlowdown: 4, rateShare: 1 / 2, sizeShare: 1 },
  { networksSlowdown: 4, rateShare: 1 / 2, sizeShare: 1 / 2 },
];

/** Where the policy stands; plain data, changed by `nextLoad` alone. */
export interface LoadState {
  /** Index into LEVELS. */
  readonly level: number;
  /** Seconds of strain, each calm one taken off. */
  readonly strain: number;
  /** Calm seconds in a row. */
  readonly calm: number;
  /** Calm seconds after which one level is taken back; longer after one that had to be given up again. */
  readonly patience: number;
  /** Seconds since a level was taken back. */
  readonly sinceRaise: number;
}

/** Share of the pictures that may be dropped now and then without harm. */
const MAX_DROPPED_SHARE = 0.2;
/** Longest queue, and longest time from a pair to its panorama: so many frame intervals, and never less than these. */
const MAX_INTERVALS = 5;
const MIN_BACKLOG_LIMIT_MS = 400;
const MIN_WORK_LIMIT_MS = 250;
const STRAIN_TO_SHED = 4;
const FIRST_PATIENCE = 5;
const LONGEST_PATIENCE = 300;
/** A level that is given up again within this was taken back too early. */
const EARLY = 30;

/** Nothing is given up. */
export const FULL_LOAD: LoadState = { level: 0, strain: 0, calm: 0, patience: FIRST_PATIENCE, sinceRaise: Infinity };

/** True when the machine did not keep up in this second. */
export function isStrained({ made, dropped, backlogMs, workMs, fps }: LoadSample): boolean {
  const intervalsMs = (MAX_INTERVALS * 1000) / fps;
  return (
    dropped > Math.max(2, MAX_DROPPED_SHARE * (made + dropped)) ||
    backlogMs > Math.max(MIN_BACKLOG_LIMIT_MS, intervalsMs) ||
    workMs > Math.max(MIN_WORK_LIMIT_MS, intervalsMs)
  );
}

/** The state one second later. */
export function nextLoad(state: LoadState, sample: LoadSample): LoadState {
  return isStrained(sample) ? afterStrain(state) : afterCalm(state);
}

function afterStrain(state: LoadState): LoadState {
  const strained = { ...state, strain: state.strain + 1, calm: 0, sinceRaise: state.sinceRaise + 1 };
  if (strained.strain < STRAIN_TO_SHED) return strained;
  const wasEarly = strained.sinceRaise <= EARLY;
  return {
    level: Math.min(LEVELS.length - 1, state.level + 1),
    strain: 0,
    calm: 0,
    patience: wasEarly ? Math.min(LONGEST_PATIENCE, 2 * state.patience) : state.patience,
    sinceRaise: Infinity,
  };
}

function afterCalm(state: LoadState): LoadState {
  const calm = { ...state, strain: Math.max(0, state.strain - 1), calm: state.calm + 1 };
  if (state.level > 0 && calm.calm >= state.patience) {
    return { ...calm, level: state.level - 1, strain: 0, calm: 0, sinceRaise: 0 };
  }
  const sinceRaise = state.sinceRaise + 1;
  // What was taken back has held: the next raise need not be as careful.
  return { ...calm, sinceRaise, patience: sinceRaise === EARLY + 1 ? FIRST_PATIENCE : state.patience };
}

/** What is given up, in plain words; empty when nothing is. @param fps panoramas wanted a second */
export function loadReason(level: number, fps: number): string {
  const { networksSlowdown, rateShare, sizeShare } = LEVELS[level] ?? LEVELS[0]!;
  const rounded = (value: number): string => String(Math.round(value * 10) / 10);
  const parts = [
    ...(sizeShare < 1 ? [`views are worked with at ${Math.round(sizeShare * 100)} % of their size`] : []),
    ...(rateShare < 1 ? [`${rounded(fps * rateShare)} instead of ${rounded(fps)} pictures a second`] : []),
    ...(networksSlowdown > 1
      ? [`the alignment is renewed ${networksSlowdown === 2 ? 'half' : 'a quarter'} as often`]
      : []),
  ];
  return parts.length === 0 ? '' : `the machine cannot keep up: ${parts.join(', ')}`;
}
