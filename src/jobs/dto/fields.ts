import { ValidateBy, ValidateIf } from 'class-validator';
import { addressMistake } from './address.validator.ts';

const field = (name: string, mistake: (value: unknown) => string | undefined): PropertyDecorator =>
  ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => mistake(value) === undefined,
      defaultMessage: (args) => mistake(args?.value) ?? '',
    },
  });

const unless = (holds: boolean, message: string): string | undefined => (holds ? undefined : message);

/** A field that may be left out. `null` is not "left out": it is checked like any other value. */
export const Optional = (): PropertyDecorator => ValidateIf((_body: object, value: unknown) => value !== undefined);

/** A whole number from `minimum` to `maximum`. */
export const WholeNumber = (minimum: number, maximum: number): PropertyDecorator =>
  field('wholeNumber', (value) =>
    unless(
      Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum,
      `must be a whole number from ${minimum} to ${maximum}`,
    ),
  );

/** A number from `minimum` to `maximum`. */
export const NumberFrom = (minimum: number, maximum: number): PropertyDecorator =>
  field('numberFrom', (value) =>
    unless(
      typeof value === 'number' && value >= minimum && value <= maximum,
      `must be a number from ${minimum} to ${maximum}`,
    ),
  );

/** One of a few words. */
export const Choice = (options: readonly string[]): PropertyDecorator =>
  field('choice', (value) => unless(options.includes(value as string), `must be one of ${options.join(', ')}`));

/** true or false. */
export const Switch = (): PropertyDecorator =>
  field('switch', (value) => unless(typeof value === 'boolean', 'must be true or false'));

/** A text that matches `pattern`; `message` says in plain words what it must be. */
export const Text = (pattern: RegExp, message: string): PropertyDecorator =>
  field('text', (value) => unless(typeof value === 'string' && pattern.test(value), message));

/** A list of at most `maxItems` addresses. */
export const AddressList = (protocols: readonly string[], maxItems: number): PropertyDecorator =>
  field('addressList', (value) => {
    if (!Array.isArray(value) || value.length > maxItems) return `must be a list of at most ${maxItems} addresses`;
    const mistakes = value.map((item) => addressMistake(item, protocols));
    const at = mistakes.findIndex((mistake) => mistake !== undefined);
    return at < 0 ? undefined : `entry ${at} ${mistakes[at]}`;
  });
