import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { parseDocument } from 'yaml';
import { SeamlineError, type FieldError } from '../common/seamline-error.ts';
import { AppConfig } from './config.schema.ts';
import { configKeys, fromEnvironment, fromFlags, isTree, mergeTrees, type ConfigTree } from './config.values.ts';
import { fieldErrors } from './field-errors.ts';
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
  const document = parseDocument(readFileSync(path, 'utf8'));
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
  mistakes.push(...wrong);
  // A section whose keys are wrong has not the types that the rest relies on.
  const isSound = (...sections: (keyof AppConfig)[]): boolean =>
    !wrong.some(({ field }) => sections.some((section) => field === section || field.startsWith(`${section}.`)));
  mistakes.push(...contradictions(config, isSound));
  if (isSound('access', 'rtsp', 'webrtc')) readSecretFiles(config, PROJECT_FOLDER, mistakes);
  return config;
}

/** Mistakes that no key shows alone. @param isSound whether the keys of these sections are right, each for itself */
function contradictions(config: AppConfig, isSound: (...sections: (keyof AppConfig)[]) => boolean): FieldError[] {
  return [
    ...(isSound('http', 'rtsp', 'webrtc') ? portMistakes(config) : []),
    ...(isSound('inference') && config.inference.providers.length === 0
      ? [{ field: 'inference.providers', message: 'must name at least one' }]
      : []),
    ...(isSound('rtsp', 'webrtc') ? loginMistakes(config) : []),
    ...(isSound('push') ? certificateMistakes(config.push.certificateAuthorityFile) : []),
  ];
}

function portMistakes(config: AppConfig): FieldError[] {
  const mistakes: FieldError[] = [];
  if (config.http.port !== 0 && config.http.port === config.rtsp.port) {
    mistakes.push({ field: 'rtsp.port', message: 'must differ from http.port' });
  }
  if (config.webrtc.port !== 0 && [config.http.port, config.rtsp.port].includes(config.webrtc.port)) {
    mistakes.push({ field: 'webrtc.port', message: 'must differ from http.port and rtsp.port' });
  }
  if (config.rtsp.udpPort % 2 !== 0) mistakes.push({ field: 'rtsp.udpPort', message: 'must be even (RFC 3550 §11)' });
  if (config.rtsp.udpPort !== 0 && config.rtsp.udpPort === config.webrtc.port - (config.webrtc.port % 2)) {
    mistakes.push({ field: 'rtsp.udpPort', message: 'must leave webrtc.port free; RTCP takes the port after it' });
  }
  return mistakes;
}

function loginMistakes(config: AppConfig): FieldError[] {
  const mistakes: FieldError[] = [];
  config.rtsp.users.forEach((user, index) => {
    if (user.password !== '' || user.passwordFile !== '') return;
    mistakes.push({ field: `rtsp.users[${index}].password`, message: 'or passwordFile is needed' });
  });
  config.webrtc.iceServers.forEach((server, index) => {
    const hasLogin = server.username !== '' && (server.credential !== '' || server.credentialFile !== '');
    if (!server.url.startsWith('turn') || hasLogin) return;
    mistakes.push({
      field: `webrtc.iceServers[${index}].username`,
      message: 'and credential are needed by TURN servers',
    });
  });
  return mistakes;
}

function certificateMistakes(path: string): FieldError[] {
  if (path === '' || holdsCertificate(path)) return [];
  return [{ field: 'push.certificateAuthorityFile', message: 'names a file without a certificate (PEM)' }];
}

function holdsCertificate(path: string): boolean {
  try {
    return readFileSync(projectPath(path), 'utf8').includes('-----BEGIN CERTIFICATE-----');
  } catch {
    // Missing or closed to us: to its user the same as empty.
    return false;
  }
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
