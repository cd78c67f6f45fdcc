import { randomBytes } from 'node:crypto';

/** Crockford's base 32: no letter that reads like a digit. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 10;

/** Injection token of the function that makes ids. */
export const NEW_ID = Symbol('newId');

/** A job id of 50 random bits, fit for paths and file names. */
export function newJobId(): string {
  return Array.from(randomBytes(LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** True for a text that `newJobId` may have made. */
export function isJobId(text: string): boolean {
  return /^[0-9a-hjkmnp-tv-z]{10}$/.test(text);
}
