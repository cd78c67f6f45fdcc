import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { parseDocument } from 'yaml';
import { SeamlineError, type FieldError } from '../common/seamline-error.ts';
import { AppConfig } from './config.schema.ts';
import { configKeys, fromEnvironment, fromFlags, isTree, mergeTrees, type ConfigTree } from './config.values.ts';
import { contradictions } from './contradictions.ts';
import { fieldErrors, isWithin, type IsSound } from './field-errors.ts';
import { readSecretFiles } from './secret-files.ts';

/** Where a configuration comes from; everything that is left out is this process's own. */
export interface ConfigSources {
  /** Folder of default.yaml, PROFILE.yaml and local.yaml; `config/` of the project by default. */
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `--http-port 5000 …`; `--profile NAME` may be among them. */
  readonly flags?: readonly string[];
}

/** The folder that holds config/, models/ and var/: relative paths in the configuration start here. */
export const PROJECT_FOLDER = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The configuration: default.yaml < PROFILE.yaml < local.yaml < SEAMLINE_… < flags, checked as a whole and frozen.
 * @throws SeamlineError `config-invalid` with every mistake, each under its key
 */
export function loadConfig(sources: ConfigSources = {}): AppConfig {
  const environment = sources.environment ?? process.env;
  const folder = sources.folder ?? environment['SEAMLINE_CONFIG_DIR'] ?? join(PROJECT_FOLDER, 'config');
  const mistakes: FieldError[] = [];
  const { profile, flags } = profileOf(sources.flags ?? [], environment, folder, mistakes);
  const keys = configKeys(AppConfig);
  const tree = mergeTrees([
    readFile(folder, 'default.yaml', mistakes),
    readFile(folder, `${profile}.yaml`, mistakes),
    readFile(folder, 'local.yaml', mistakes),
    fromEnvironment(keys, environment, mistakes),
    fromFlags(keys, flags, mistakes),
  ]);
  const config = checkedConfig(tree, mistakes);
  if (mistakes.length > 0) throw invalid(mistakes);
  return deepFreeze(config);
}

/** A configuration of defaults and the given keys alone, without files and environment; for tests and tools. */
export function configFrom(tree: ConfigTree): AppConfig {
  const mistakes: FieldError[] = [];
  const config = checkedConfig(tree, mistakes);
  if (mistakes.length > 0) throw invalid(mistakes);
  return deepFreeze(config);
}

/** A path of the configuration, absolute; relative ones start at the project's folder. */
export function projectPath(path: string): string {
  return resolve(PROJECT_FOLDER, path);
}

function profileOf(
  flags: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
  mistakes: FieldError[],
): { profile: string; flags: string[] } {
  const rest = [...flags];
  const at = rest.findIndex((word) => word === '--profile' || word.startsWith('--profile='));
  const [word, value] = at < 0 ? [] : rest.splice(at, rest[at]?.includes('=') ? 1 : 2);
  const named = word === undefined ? environment['SEAMLINE_PROFILE'] : (value ?? word.split('=')[1]);
  const profile = named ?? 'production';
  if (!/^[a-z][a-z0-9-]*$/.test(profile) || (named !== undefined && !existsSync(join(folder, `${profile}.yaml`)))) {
    mistakes.push({ field: 'SEAMLINE_PROFILE', message: 'names a profile without a file in config/' });
    return { profile: 'production', flags: rest };
  }
  return { profile, flags: rest };
}

function readFile(folder: string, name: string, mistakes: FieldError[]): ConfigTree {
  const path = join(folder, name);
  if (!existsSync(path)) return {};
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    mistakes.push({ field: name, message: 'cannot be read' });
    return {};
  }
  const document = parseDocument(text);
  for (const error of document.errors) {
    mistakes.push({ field: name, message: error.message.split('\n', 1)[0] ?? 'is not YAML' });
  }
  const value: unknown = document.errors.length > 0 ? {} : (document.toJS() ?? {});
  if (isTree(value)) return value;
  mistakes.push({ field: name, message: 'must hold keys and values' });
  return {};
}

function checkedConfig(tree: ConfigTree, mistakes: FieldError[]): AppConfig {
  const config = plainToInstance(AppConfig, tree);
  const wrong = fieldErrors(validateSync(config, { whitelist: true, forbidNonWhitelisted: true }));
  // What is wrong, or lies in or around something wrong, has not the type that the rest relies on.
  const isSound: IsSound = (...keys) => !wrong.some(({ field }) => keys.some((key) => isWithin(key, field)));
  mistakes.push(
    ...wrong,
    ...contradictions(config, isSound, PROJECT_FOLDER),
    ...readSecretFiles(config, PROJECT_FOLDER, isSound),
  );
  return config;
}

function invalid(mistakes: readonly FieldError[]): SeamlineError {
  const lines = mistakes.map((mistake) => `${mistake.field} ${mistake.message}`).join('; ');
  return new SeamlineError('config-invalid', `the configuration has mistakes: ${lines}`, { errors: mistakes });
}

function deepFreeze<T extends object>(value: T): T {
  for (const item of Object.values(value)) {
    if (typeof item === 'object' && item !== null && !Object.isFrozen(item)) deepFreeze(item as object);
  }
  return Object.freeze(value);
}
