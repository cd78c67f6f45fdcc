import { Type } from 'class-transformer';
import { ValidateBy, ValidateNested } from 'class-validator';

/** The part of JSON Schema (2020-12) that settings use. */
export interface SettingSchema {
  readonly type?: string | readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly items?: SettingSchema;
  readonly maxItems?: number;
}

/** What is known of one key of the configuration. Exactly one of `schema`, `section` and `listOf` is set. */
export interface Setting {
  readonly schema?: SettingSchema;
  /** Class of the section below this key. */
  readonly section?: new () => object;
  /** Class of the entries, when the value is a list of sections. */
  readonly listOf?: new () => object;
}

type Section = new () => object;
type Holds = (value: unknown) => boolean;

const registry = new Map<unknown, Map<string, Setting>>();

/** The keys of a section's class in the order in which they are written there. */
export function settingsOf(section: Section): ReadonlyMap<string, Setting> {
  return registry.get(section) ?? new Map<string, Setting>();
}

function register(target: object, key: string | symbol, setting: Setting): void {
  const settings = registry.get(target.constructor) ?? new Map<string, Setting>();
  settings.set(String(key), setting);
  registry.set(target.constructor, settings);
}

function plain(schema: SettingSchema, holds: Holds, message: string): PropertyDecorator {
  const validator = { validate: (value: unknown) => holds(value), defaultMessage: () => message };
  return (target, key) => {
    register(target, key, { schema });
    ValidateBy({ name: 'setting', validator })(target, key);
  };
}

const isWhole = (value: unknown, minimum: number, maximum: number): boolean =>
  Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum;

/** A whole number from `minimum` to `maximum`, both included. */
export function whole(minimum: number, maximum: number): PropertyDecorator {
  const message = `must be a whole number from ${minimum} to ${maximum}`;
  return plain({ type: 'integer', minimum, maximum }, (value) => isWhole(value, minimum, maximum), message);
}

/** A number from `minimum` to `maximum`, or null for "not set". */
export function numberOrNull(minimum: number, maximum: number): PropertyDecorator {
  const holds: Holds = (value) => value === null || (typeof value === 'number' && value >= minimum && value <= maximum);
  return plain(
    { type: ['number', 'null'], minimum, maximum },
    holds,
    `must be a number from ${minimum} to ${maximum}, or null`,
  );
}

/** A number from `minimum` to `maximum`. */
export function decimal(minimum: number, maximum: number): PropertyDecorator {
  const holds: Holds = (value) => typeof value === 'number' && value >= minimum && value <= maximum;
  return plain({ type: 'number', minimum, maximum }, holds, `must be a number from ${minimum} to ${maximum}`);
}

/** true or false. */
export function flag(): PropertyDecorator {
  return plain({ type: 'boolean' }, (value) => typeof value === 'boolean', 'must be true or false');
}

/**
 * A text that matches `pattern`; `message` says in plain words what it must be.
 * @param isRight what no pattern can tell
 */
export function text(
  pattern = /^\P{Cc}*$/u,
  message = 'must be a text without control characters',
  isRight: (text: string) => boolean = () => true,
): PropertyDecorator {
  const holds: Holds = (value) => typeof value === 'string' && pattern.test(value) && isRight(value);
  return plain({ type: 'string', pattern: pattern.source }, holds, message);
}

/** One of the named values. */
export function oneOf(options: readonly string[]): PropertyDecorator {
  return plain({ enum: options }, (value) => options.includes(value as string), `must be one of ${options.join(', ')}`);
}

/** A list of at most `maxItems` texts that match `pattern`. @param isRight what no pattern can tell of an entry */
export function texts(
  pattern: RegExp,
  message: string,
  maxItems = 64,
  isRight: (text: string) => boolean = () => true,
): PropertyDecorator {
  const holds: Holds = (value) =>
    Array.isArray(value) &&
    value.length <= maxItems &&
    value.every((item) => typeof item === 'string' && pattern.test(item) && isRight(item));
  const items = { type: 'string', pattern: pattern.source };
  return plain(
    { type: 'array', items, maxItems },
    holds,
    `must be a list of at most ${maxItems}; each entry ${message}`,
  );
}

/** A list of whole numbers from 0 to `maximum`. */
export function wholes(maximum: number, maxItems = 64): PropertyDecorator {
  const holds: Holds = (value) =>
    Array.isArray(value) && value.length <= maxItems && value.every((item) => isWhole(item, 0, maximum));
  const items = { type: 'integer', minimum: 0, maximum };
  return plain({ type: 'array', items, maxItems }, holds, `must be a list of whole numbers from 0 to ${maximum}`);
}

const isSection: Holds = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A section with keys of its own. */
export function section(type: Section): PropertyDecorator {
  const validator = { validate: isSection, defaultMessage: () => 'must be a section with keys' };
  return (target, key) => {
    register(target, key, { section: type });
    Type(() => type)(target, key);
    ValidateNested()(target, key);
    ValidateBy({ name: 'section', validator })(target, key);
  };
}

/** A list of at most `maxItems` sections. */
export function sections(type: Section, maxItems = 64): PropertyDecorator {
  const validator = {
    validate: (value: unknown) => Array.isArray(value) && value.length <= maxItems && value.every(isSection),
    defaultMessage: () => `must be a list of at most ${maxItems} sections with keys`,
  };
  return (target, key) => {
    register(target, key, { listOf: type });
    Type(() => type)(target, key);
    ValidateNested({ each: true })(target, key);
    ValidateBy({ name: 'sections', validator })(target, key);
  };
}
