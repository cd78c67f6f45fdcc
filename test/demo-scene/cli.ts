import { parseArgs } from 'node:util';
import { publishClip } from './encode.ts';
import { renderClips } from './render.ts';

const { values } = parseArgs({
  options: {
    work: { type: 'string' },
    out: { type: 'string', default: 'test/fixtures/media/demo' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
});

if (values.work === undefined) throw new Error('--work FOLDER is missing: where the lossless frames are kept');
await renderClips(values.work, values.chromium);
for (const clip of ['calm', 'shaken'] as const) publishClip(clip, values.work, values.out);
