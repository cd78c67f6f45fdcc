/** Printed in place of a password. */
export const MASK = '***';

/** What stands between the parts of a path or query; cameras use all of these. */
const BETWEEN = '[/?&;_,]';
const EQUALS = '=';
/** The same in addresses that were percent-encoded once more as a whole. */
const ANY_BETWEEN = `(?:${BETWEEN}|%(?:2F|3F|26|3B|5F|2C))`;
const ANY_EQUALS = '(?:=|%3D)';
const LETTER = String.raw`[^/?&;_,=%\s"]`;

/** Parts of names that speak of secrets, and whole names that do. */
const SPEAKING = 'pass|paswd|pwd|psw|token|key|secret|auth|cred|signature';
const SHORT = `p|pw|pin|psk|sig|jwt|${LETTER}{0,40}pas`;
const NAME = `(?:${LETTER}{0,40}(?:${SPEAKING})${LETTER}{0,40}|${SHORT})`;

/** Up to the value of a secret. */
const SECRET = new RegExp(`${ANY_BETWEEN}${NAME}${ANY_EQUALS}`, 'gi');

/** The value may hold any sign: it ends where the next name with a value begins. `=` at the end of base64 begins none. */
const VALUE = valueUpTo(BETWEEN, EQUALS);
const ENCODED_VALUE = valueUpTo(ANY_BETWEEN, ANY_EQUALS);

/** `/USER:PASSWORD/` in the path, which some cameras want; kinds of files of media servers look the same. */
const LOGIN_IN_PATH = /\/(?!(?:mp4|flv|mp3|id3|smil|ngrp|amlst):)[^/?&;:@=\s"]{1,100}:(?=[^/?\s"])/gi;
const SEGMENT = /[^/?\s"]*/y;

/** Where in a text something has to be hidden, from index to index. */
export type Range = readonly [from: number, to: number];

/** Values of pairs like `password=X` behind any of `/ ? & ; _ ,`, in paths as well as in queries. */
export function secretValues(text: string): Range[] {
  return rangesBehind(text, SECRET, (start) => (start.endsWith('=') ? VALUE : ENCODED_VALUE));
}

/** The password of each `/USER:PASSWORD/` in the path of a camera's address. @param path path with query */
export function loginsInPath(path: string): Range[] {
  const end = path.indexOf('?');
  return rangesBehind(end < 0 ? path : path.slice(0, end), LOGIN_IN_PATH, () => SEGMENT);
}

/** The text with `***` in place of each range; ranges may overlap and come in any order. */
export function hide(text: string, ranges: readonly Range[]): string {
  let hidden = '';
  let at = 0;
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    // What overlaps or touches is one secret.
    if (from > at || at === 0) hidden += text.slice(at, from) + MASK;
    at = Math.max(at, to);
  }
  return hidden + text.slice(at);
}

function valueUpTo(between: string, equals: string): RegExp {
  return new RegExp(String.raw`(?:(?!${between}${LETTER}{1,40}${equals}[^/?&;_,=\s"])[^\s"])*`, 'iy');
}

function rangesBehind(text: string, start: RegExp, valueOf: (start: string) => RegExp): Range[] {
  const ranges: Range[] = [];
  start.lastIndex = 0;
  for (let found = start.exec(text); found !== null; found = start.exec(text)) {
    const from = start.lastIndex;
    const value = valueOf(found[0]);
    value.lastIndex = from;
    const to = from + (value.exec(text)?.[0].length ?? 0);
    if (to > from) ranges.push([from, to]);
    start.lastIndex = to;
  }
  return ranges;
}
