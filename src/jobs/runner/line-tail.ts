import type { Readable } from 'node:stream';
import { redactUrls } from '../../common/safe-url.ts';

const MAX_LINES = 50;
const MAX_LINE_CHARS = 2000;

/** The last lines of a stream, each cut to a bound and with its passwords hidden. */
export class LineTail {
  readonly lines: string[] = [];
  #rest = '';

  constructor(stream: Readable) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.#push(text));
    stream.on('end', () => this.#keep(this.#rest));
    // A pipe that breaks has nothing more to say; the end of the process is reported elsewhere.
    stream.on('error', () => undefined);
  }

  #push(text: string): void {
    const parts = (this.#rest + text).split(/[\r\n]+/);
    this.#rest = (parts.pop() ?? '').slice(-MAX_LINE_CHARS);
    for (const part of parts) this.#keep(part);
  }

  #keep(line: string): void {
    if (line.trim() === '') return;
    this.lines.push(redactUrls(line.slice(0, MAX_LINE_CHARS)));
    if (this.lines.length > MAX_LINES) this.lines.shift();
  }
}
