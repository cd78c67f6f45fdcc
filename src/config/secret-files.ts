import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { validateSync } from 'class-validator';
import type { FieldError } from '../common/seamline-error.ts';
import type { AppConfig } from './config.schema.ts';
import { fieldErrors } from './field-errors.ts';

/**
 * Fills in tokens and passwords from the files that `…File` keys name. A file that cannot be read, is empty or holds
 * what the key itself would refuse is a mistake of that key; its content is never repeated.
 * @param config checked, not frozen yet
 * @param folder where relative paths start
 */
export function readSecretFiles(config: AppConfig, folder: string, mistakes: FieldError[]): void {
  const lines = (path: string, field: string): string[] => {
    if (path === '') return [];
    try {
      const found = readFileSync(resolve(folder, path), 'utf8')
        .split(/\r?\n/)
        .map((line) => line.trim());
      const filled = found.filter((line) => line !== '' && !line.startsWith('#'));
      if (filled.length === 0) mistakes.push({ field, message: 'names an empty file' });
      return filled;
    } catch {
      mistakes.push({ field, message: 'names a file that cannot be read' });
      return [];
    }
  };
  const { access, rtsp, webrtc } = config;
  Object.assign(access, {
    adminTokens: [...access.adminTokens, ...lines(access.adminTokenFile, 'access.adminTokenFile')],
    viewerTokens: [...access.viewerTokens, ...lines(access.viewerTokenFile, 'access.viewerTokenFile')],
  });
  rtsp.users.forEach((user, index) => {
    if (user.password !== '') return;
    const [password = ''] = lines(user.passwordFile, `rtsp.users[${index}].passwordFile`);
    Object.assign(user, { password });
  });
  webrtc.iceServers.forEach((server, index) => {
    if (server.credential !== '') return;
    const [credential = ''] = lines(server.credentialFile, `webrtc.iceServers[${index}].credentialFile`);
    Object.assign(server, { credential });
  });
  if (mistakes.length === 0) mistakes.push(...fieldErrors(validateSync(config)));
}
