import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { validateSync } from 'class-validator';
import type { FieldError } from '../common/seamline-error.ts';
import type { AppConfig } from './config.schema.ts';
import { entriesOf, fieldErrors, type IsSound } from './field-errors.ts';
import { AccessConfig, IceServerConfig, RtspUserConfig } from './server-config.ts';

/**
 * Fills in tokens and passwords from the files that `…File` keys name. A file that cannot be read, is empty or holds
 * what the key itself would refuse is a mistake of its `…File` key; its content is never repeated.
 * @param config not frozen yet
 * @param folder where relative paths start
 */
export function readSecretFiles(config: AppConfig, folder: string, isSound: IsSound): FieldError[] {
  const mistakes: FieldError[] = [];
  /** The lines of the file that a sound key names, checked as the value of `key`; none when it has none or a mistake. */
  const linesOf = (path: string, field: string, check: (lines: string[]) => string | undefined): string[] => {
    if (!isSound(field) || path === '') return [];
    const lines = readLines(resolve(folder, path));
    const message = typeof lines === 'string' ? lines : check(lines);
    if (message !== undefined) mistakes.push({ field, message });
    return typeof lines === 'string' || message !== undefined ? [] : lines;
  };
  const { access, rtsp, webrtc } = config;
  for (const key of ['adminTokens', 'viewerTokens'] as const) {
    const file = key === 'adminTokens' ? 'adminTokenFile' : 'viewerTokenFile';
    const own = isSound(`access.${key}`) ? access[key] : [];
    const tokens = linesOf(access?.[file], `access.${file}`, (lines) =>
      refusalOf(new AccessConfig(), key, [...own, ...lines]),
    );
    if (tokens.length > 0) Object.assign(access, { [key]: [...own, ...tokens] });
  }
  for (const [index, user] of entriesOf(rtsp?.users)) {
    if (user.password !== '') continue;
    const [password = ''] = linesOf(user.passwordFile, `rtsp.users[${index}].passwordFile`, ([line]) =>
      refusalOf(new RtspUserConfig(), 'password', line),
    );
    Object.assign(user, { password });
  }
  for (const [index, server] of entriesOf(webrtc?.iceServers)) {
    if (server.credential !== '') continue;
    const [credential = ''] = linesOf(server.credentialFile, `webrtc.iceServers[${index}].credentialFile`, ([line]) =>
      refusalOf(new IceServerConfig(), 'credential', line),
    );
    Object.assign(server, { credential });
  }
  return mistakes;
}

/** The lines of a file without comments and empty ones, or what is wrong with it. */
function readLines(path: string): string[] | string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return 'names a file that cannot be read';
  }
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const filled = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return filled.length > 0 ? filled : 'names an empty file';
}

/** What the key of a section would say of a value, or undefined when it would take it. */
function refusalOf(section: object, key: string, value: unknown): string | undefined {
  const errors = fieldErrors(validateSync(Object.assign(section, { [key]: value })));
  const found = errors.find(({ field }) => field === key);
  return found === undefined ? undefined : `names a file with something else than is wanted: ${key} ${found.message}`;
}
