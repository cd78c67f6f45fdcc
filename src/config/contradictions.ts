import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FieldError } from '../common/seamline-error.ts';
import type { AppConfig } from './config.schema.ts';
import { entriesOf, type IsSound } from './field-errors.ts';

/**
 * Mistakes that no key shows alone; keys that are wrong by themselves are left out of it.
 * @param folder where relative paths start
 */
export function contradictions(config: AppConfig, isSound: IsSound, folder: string): FieldError[] {
  const mistakes: FieldError[] = [];
  if (isSound('inference.providers') && config.inference.providers.length === 0) {
    mistakes.push({ field: 'inference.providers', message: 'must name at least one' });
  }
  if (isSound('push.certificateAuthorityFile')) {
    const { certificateAuthorityFile } = config.push;
    if (certificateAuthorityFile !== '' && !holdsCertificate(resolve(folder, certificateAuthorityFile))) {
      mistakes.push({ field: 'push.certificateAuthorityFile', message: 'names a file without a certificate (PEM)' });
    }
  }
  return [
    ...mistakes,
    ...portMistakes(config, isSound),
    ...userMistakes(config, isSound),
    ...turnMistakes(config, isSound),
  ];
}

function portMistakes({ http, rtsp, webrtc }: AppConfig, isSound: IsSound): FieldError[] {
  const mistakes: FieldError[] = [];
  const areSame = (a: number, b: number): boolean => a !== 0 && a === b;
  if (isSound('http.port', 'rtsp.port') && areSame(http.port, rtsp.port)) {
    mistakes.push({ field: 'rtsp.port', message: 'must differ from http.port' });
  }
  const isTaken =
    (isSound('webrtc.port', 'http.port') && areSame(webrtc.port, http.port)) ||
    (isSound('webrtc.port', 'rtsp.port') && areSame(webrtc.port, rtsp.port));
  if (isTaken) mistakes.push({ field: 'webrtc.port', message: 'must differ from http.port and rtsp.port' });
  if (isSound('rtsp.udpPort') && rtsp.udpPort % 2 !== 0) {
    mistakes.push({ field: 'rtsp.udpPort', message: 'must be even (RFC 3550 §11)' });
  } else if (isSound('rtsp.udpPort', 'webrtc.port') && areSame(rtsp.udpPort, webrtc.port - (webrtc.port % 2))) {
    mistakes.push({ field: 'rtsp.udpPort', message: 'must leave webrtc.port free; RTCP takes the port after it' });
  }
  return mistakes;
}

function userMistakes({ rtsp }: AppConfig, isSound: IsSound): FieldError[] {
  const mistakes: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, user] of entriesOf(rtsp?.users)) {
    const field = `rtsp.users[${index}]`;
    if (isSound(`${field}.name`)) {
      if (names.has(user.name)) mistakes.push({ field: `${field}.name`, message: 'is the name of another user' });
      names.add(user.name);
    }
    if (!isSound(`${field}.password`, `${field}.passwordFile`) || user.password !== '' || user.passwordFile !== '')
      continue;
    mistakes.push({ field: `${field}.password`, message: 'or passwordFile is needed' });
  }
  return mistakes;
}

function turnMistakes({ webrtc }: AppConfig, isSound: IsSound): FieldError[] {
  const mistakes: FieldError[] = [];
  for (const [index, server] of entriesOf(webrtc?.iceServers)) {
    const field = `webrtc.iceServers[${index}]`;
    const keys = ['url', 'username', 'credential', 'credentialFile'].map((key) => `${field}.${key}`);
    if (!isSound(...keys) || !server.url.startsWith('turn')) continue;
    if (server.username !== '' && (server.credential !== '' || server.credentialFile !== '')) continue;
    mistakes.push({ field: `${field}.username`, message: 'and credential are needed by TURN servers' });
  }
  return mistakes;
}

function holdsCertificate(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').includes('-----BEGIN CERTIFICATE-----');
  } catch {
    // Missing or closed to us: to its user the same as empty.
    return false;
  }
}
