import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join, normalize } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import type { ClipName, ViewName } from './rigs.ts';

/** Takes what the page rendered: RGBA bytes, bottom row first. */
export interface Sink {
  /** A wide picture of a fixed camera. */
  picture(view: ViewName, frame: number, pixels: Buffer): Promise<void>;
  /** A depth map of a view of a clip. */
  depth(clip: ClipName, view: ViewName, frame: number, pixels: Buffer): Promise<void>;
}

/** A page that renders frames of the scene. */
export interface Studio {
  /** Renders both views of a frame; the sink has had them when this resolves. */
  render(frame: number, depth: boolean): Promise<void>;
  /** Ends the browser and the server; may be called twice. */
  close(): Promise<void>;
}

const HERE = import.meta.dirname;
const THREE_ROOT = dirname(dirname(createRequire(import.meta.url).resolve('three')));
const KINDS: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.ts': 'text/javascript' };

async function answer(request: IncomingMessage, response: ServerResponse, sink: Sink): Promise<void> {
  const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
  if (request.method === 'POST') {
    const [, kind, view, frame, clip] = path.split('/');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const pixels = Buffer.concat(chunks);
    if (kind === 'frame') await sink.picture(view as ViewName, Number(frame), pixels);
    else await sink.depth(clip as ClipName, view as ViewName, Number(frame), pixels);
    response.writeHead(204).end();
    return;
  }
  const file = path.startsWith('/three/') ? join(THREE_ROOT, path.slice('/three/'.length)) : join(HERE, path);
  const kind = KINDS[/\.\w+$/.exec(path)?.[0] ?? ''];
  if (kind === undefined) {
    response.writeHead(404).end();
    return;
  }
  const text = await readFile(file, 'utf8');
  response.writeHead(200, { 'content-type': kind, 'cache-control': 'no-store' });
  response.end(path.endsWith('.ts') ? stripTypeScriptTypes(text) : text);
}

function serve(sink: Sink): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request, response, sink).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** Starts the page in the installed Chromium, with WebGL in software so that every machine draws the same picture. */
export async function openStudio(sink: Sink, executablePath: string): Promise<Studio> {
  const server = await serve(sink);
  const browser: Browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-gl=angle',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
    ],
  });
  const page = await browser.newPage();
  page.on('console', (message) => process.stderr.write(`page: ${message.text()}\n`));
  page.on('pageerror', (error) => process.stderr.write(`page: ${error.message}\n`));
  const { port } = server.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${port}/page/index.html`);
  await page.waitForFunction('typeof window.renderFrame === "function"', undefined, { timeout: 120_000 });
  return {
    render: (frame, depth) => page.evaluate(`window.renderFrame(${frame}, ${depth})`) as Promise<void>,
    close: async () => {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
