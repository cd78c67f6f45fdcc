import type { ValidationError } from 'class-validator';
import type { FieldError } from '../common/seamline-error.ts';

/** What class-validator calls errors that a nested or unlisted value causes; its own words name classes. */
const PLAIN_WORDS: Readonly<Record<string, string>> = {
  whitelistValidation: 'is not known',
  unknownValue: 'must be an object',
};

/** Whether all these keys may be looked at: none is wrong, nor lies in or around something wrong. */
export type IsSound = (...keys: readonly string[]) => boolean;

/** Whether one of two fields (`rtsp`, `rtsp.users[0].name`) is the other or lies in it. */
export function isWithin(a: string, b: string): boolean {
  const [outer, inner] = a.length < b.length ? [a, b] : [b, a];
  return inner.startsWith(outer) && /^($|[.[])/.test(inner.slice(outer.length));
}

/** The sections of a list, with their places, whatever a file has put there instead of the list or of a section. */
export function entriesOf<T extends object>(list: readonly T[] | undefined): readonly (readonly [number, T])[] {
  if (!Array.isArray(list)) return [];
  return [...list.entries()].filter(([, entry]) => typeof entry === 'object' && entry !== null);
}

/** class-validator's tree as a flat list, every field with its whole path (`jobs.defaults.fps`, `rtsp.users[0].name`). */
export function fieldErrors(errors: readonly ValidationError[], parent = ''): FieldError[] {
  return errors.flatMap((error) => {
    const field = pathOf(parent, error.property);
    const children = fieldErrors(error.children ?? [], field);
    const constraints = Object.entries(error.constraints ?? {});
    // A value that is no object at all gets class-validator's own nestedValidation beside our words for the same.
    const own = constraints.filter(([name]) => name !== 'nestedValidation' || constraints.length === 1);
    const messages = own.map(([name, message]) => ({ field, message: PLAIN_WORDS[name] ?? message }));
    return messages.length === 0 ? children : [messages[0]!, ...children];
  });
}

function pathOf(parent: string, property: string): string {
  if (parent === '') return property;
  return /^\d+$/.test(property) ? `${parent}[${property}]` : `${parent}.${property}`;
}
