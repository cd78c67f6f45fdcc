import { parseArgs } from 'node:util';
import { publishClip } from './encode.ts';
import { renderClip } from './render.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    work: { type: 'string' },
    out: { type: 'string', default: 'test/fixtures/media/demo' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
});

if (values.work === undefined) throw new Error('--work FOLDER is missing: where the lossless frames are kept');
for (const clip of ['calm', 'shaken'] as const) {
  if (positionals.length > 0 && !positionals.includes(clip)) continue;
  await renderClip(clip, values.work, values.chromium);
  publishClip(clip, values.work, values.out);
}
