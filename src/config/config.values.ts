import { parse } from 'yaml';
import type { FieldError } from '../common/seamline-error.ts';
import { settingsOf, type Setting, type SettingSchema } from './setting.ts';

type Section = new () => object;
/** A configuration as read, before it is checked: sections are objects, everything else is a value. */
export type ConfigTree = { [key: string]: unknown };

/** One key of the configuration with the names it has outside the files. */
export interface ConfigKey {
  /** `jobs.defaults.bitrateKbps` */
  readonly path: string;
  /** `SEAMLINE_JOBS_DEFAULTS_BITRATE_KBPS` */
  readonly variable: string;
  /** `jobs-defaults-bitrate-kbps` */
  readonly flag: string;
  readonly setting: Setting;
}

/** Variables of the same prefix that are no keys: they say where to look for the files. */
export const LOCATION_VARIABLES: readonly string[] = ['SEAMLINE_PROFILE', 'SEAMLINE_CONFIG_DIR'];

const words = (path: string): string[] =>
  path.split('.').flatMap((part) =>
    part
      .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .split(' '),
  );

/** Every key below a section's class, sections left out. */
export function configKeys(section: Section, parent = ''): ConfigKey[] {
  return [...settingsOf(section)].flatMap(([name, setting]) => {
    const path = parent === '' ? name : `${parent}.${name}`;
    if (setting.section !== undefined) return configKeys(setting.section, path);
    return [
      { path, setting, variable: `SEAMLINE_${words(path).join('_').toUpperCase()}`, flag: words(path).join('-') },
    ];
  });
}

/** What SEAMLINE_… variables say; every unknown name is a mistake. */
export function fromEnvironment(
  keys: readonly ConfigKey[],
  environment: Readonly<Record<string, string | undefined>>,
  mistakes: FieldError[],
): ConfigTree {
  const tree: ConfigTree = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('SEAMLINE_') || value === undefined || LOCATION_VARIABLES.includes(name)) continue;
    const key = keys.find((candidate) => candidate.variable === name);
    if (key === undefined) mistakes.push({ field: name, message: 'is not known' });
    else setPath(tree, key.path, valueOf(value, key.setting));
  }
  return tree;
}

/** What `--http-port 5000` or `--http-port=5000` say; every unknown flag is a mistake. */
export function fromFlags(keys: readonly ConfigKey[], flags: readonly string[], mistakes: FieldError[]): ConfigTree {
  const tree: ConfigTree = {};
  const rest = [...flags];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, name = '', inline] = /^--([a-z0-9-]+)(?:=(.*))?$/su.exec(word) ?? [];
    const key = keys.find((candidate) => candidate.flag === name);
    if (key === undefined) {
      mistakes.push({ field: word.replace(/=.*$/su, ''), message: 'is not known; see seamline serve --help' });
      continue;
    }
    const isSwitch = key.setting.schema?.type === 'boolean';
    const value = inline ?? (isSwitch ? 'true' : rest.shift());
    if (value === undefined) mistakes.push({ field: `--${name}`, message: 'needs a value' });
    else setPath(tree, key.path, valueOf(value, key.setting));
  }
  return tree;
}

/** Later trees win key by key; lists and values are replaced whole. */
export function mergeTrees(trees: readonly ConfigTree[]): ConfigTree {
  const merged: ConfigTree = {};
  for (const tree of trees) {
    for (const [key, value] of Object.entries(tree)) {
      const before = Object.hasOwn(merged, key) ? merged[key] : undefined;
      const next = isTree(value) && isTree(before) ? mergeTrees([before, value]) : value;
      Object.defineProperty(merged, key, { value: next, enumerable: true, configurable: true, writable: true });
    }
  }
  return merged;
}

/** True for a section as YAML and JSON give it. */
export function isTree(value: unknown): value is ConfigTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function setPath(tree: ConfigTree, path: string, value: unknown): void {
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let at = tree;
  for (const part of parts) {
    const below = at[part];
    const next: ConfigTree = isTree(below) ? below : {};
    at[part] = next;
    at = next;
  }
  at[last] = value;
}

/** The text of a variable or flag as the key's type; a text that does not fit stays a text, for the check to name it. */
function valueOf(text: string, setting: Setting): unknown {
  if (setting.listOf !== undefined) return parsed(text);
  const types = [setting.schema?.type ?? 'string'].flat();
  if (types.includes('array')) {
    if (text.trim().startsWith('[')) return parsed(text);
    const items = text.split(',').map((item) => item.trim());
    return items.filter((item) => item !== '').map((item) => scalarOf(item, setting.schema?.items));
  }
  return scalarOf(text, setting.schema);
}

function scalarOf(text: string, schema: SettingSchema | undefined): unknown {
  const types = [schema?.type ?? 'string'].flat();
  if (types.includes('null') && text.trim() === 'null') return null;
  if (types.includes('boolean')) return text === 'true' ? true : text === 'false' ? false : text;
  if (types.includes('integer') || types.includes('number')) {
    return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
  }
  return text;
}

function parsed(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    // Not YAML: the check says what the key must be.
    return text;
  }
}
