import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configFrom } from '../../../src/config/config.loader.ts';
import { AppConfig } from '../../../src/config/config.schema.ts';
import { configKeys, LOCATION_VARIABLES } from '../../../src/config/config.values.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const KEYS = configKeys(AppConfig);
const SECTIONS = new Set(KEYS.map(({ path }) => path.split('.')[0]));
const DOCUMENTS = ['README.md', 'docs/api.md', 'docs/deploy.md', 'docs/viewers.md', 'docs/problems.md'];

/** Settings that a document names in code, by key. */
function keysIn(text: string): string[] {
  const code = [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  return code
    .flatMap((words) =>
      [...words.matchAll(/\b([a-z]+[A-Za-z]*(?:\.[a-z][A-Za-z]*)+)\b/g)].map((match) => match[1] ?? ''),
    )
    .filter((key) => SECTIONS.has(key.split('.')[0] ?? ''));
}

describe('documents and deployment files', () => {
  it.each(DOCUMENTS)('%s names no setting that is not there', (path) => {
    const known = new Set(KEYS.map((key) => key.path));
    const isKnown = (key: string): boolean => known.has(key) || [...known].some((other) => other.startsWith(`${key}.`));
    // Names of files look like keys.
    const named = keysIn(read(path)).filter((key) => !/\.(yaml|json|conf|md|corrupt|lock|d)$/.test(key));

    expect(named.filter((key) => !isKnown(key))).toEqual([]);
  });

  it.each([...DOCUMENTS, 'Dockerfile', 'deploy/seamline.service', 'deploy/seamline-gpu.conf'])(
    '%s names no variable that is not there',
    (path) => {
      const known = new Set([...KEYS.map((key) => key.variable), ...LOCATION_VARIABLES]);
      const named = read(path).match(/\bSEAMLINE_[A-Z0-9_]+/g) ?? [];

      expect(named.filter((name) => !known.has(name))).toEqual([]);
    },
  );

  it('the image exposes the ports that the server listens on', () => {
    const { http, rtsp, webrtc } = configFrom({});

    const exposed = /^EXPOSE (.*)$/m.exec(read('Dockerfile'))?.[1]?.split(' ');

    expect(exposed).toEqual([`${http.port}/tcp`, `${rtsp.port}/tcp`, `${webrtc.port}/tcp`, `${webrtc.port}/udp`]);
  });
});
