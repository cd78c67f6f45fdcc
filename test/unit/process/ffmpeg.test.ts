import { describe, expect, it } from 'vitest';
import { ffmpegArguments, parseEncoders, parseFfmpegVersion } from '../../../src/process/ffmpeg.ts';
import { siblingModule } from '../../../src/process/sibling-module.ts';

describe('parseFfmpegVersion', () => {
  it('reads releases of distributions and takes builds from git for the newest', () => {
    expect(parseFfmpegVersion('ffmpeg version 5.1.9-0+deb12u1 Copyright (c)')).toEqual([5, 1]);
    expect(parseFfmpegVersion('ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright')).toEqual([4, 4]);
    expect(parseFfmpegVersion('ffmpeg version n7.1-3-g1 Copyright')).toEqual([7, 1]);
    expect(parseFfmpegVersion('ffmpeg version N-112233-gabcdef Copyright')).toEqual([99, 0]);
  });
});

describe('parseEncoders', () => {
  it('takes the names and leaves the legend out', () => {
    const text =
      'Encoders:\n V..... = Video\n ------\n V....D libx264              H.264\n A....D aac                  AAC\n';

    expect([...parseEncoders(text)]).toEqual(['libx264', 'aac']);
  });
});

describe('ffmpegArguments', () => {
  it('puts options before what they belong to and keeps values with spaces whole when they are separate arguments', () => {
    const args = ffmpegArguments((command) => {
      command
        .input('pipe:0')
        .inputFormat('ivf')
        .inputOptions('-metadata', 'title=two words')
        .outputOptions(['-c:v', 'libx264'])
        .format('flv')
        .output('pipe:1');
    });

    expect(args.join('|')).toContain('-f|ivf|-metadata|title=two words|-i|pipe:0|');
    expect(args.slice(-3)).toEqual(['-f', 'flv', 'pipe:1']);
  });
});

describe('siblingModule', () => {
  it('finds the source beside a source and the built file beside a built one', () => {
    expect(siblingModule('file:///a/src/compose/composer.ts', './compose.worker').href).toBe(
      'file:///a/src/compose/compose.worker.ts',
    );
    expect(siblingModule('file:///a/dist/compose/composer.js', './compose.worker').href).toBe(
      'file:///a/dist/compose/compose.worker.js',
    );
  });
});
