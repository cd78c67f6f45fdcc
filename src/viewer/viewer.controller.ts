import { Controller, Get, Headers, Inject, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Access } from '../auth/access.decorator.ts';
import { SeamlineError } from '../common/seamline-error.ts';
import { type Asset, VIEWER_ASSETS } from './viewer-assets.ts';

interface Reply {
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  send(body?: unknown): unknown;
}

/** `GET /` and `/view/PATH` with what they load. The pages hold no secrets: what they show they ask the API for. */
@ApiExcludeController()
@Controller()
@Access('public')
export class ViewerController {
  readonly #assets: ReadonlyMap<string, Asset>;

  constructor(@Inject(VIEWER_ASSETS) assets: ReadonlyMap<string, Asset>) {
    this.#assets = assets;
  }

  @Get()
  jobs(@Headers('if-none-match') known: string | undefined, @Res() reply: Reply): void {
    this.#send('index.html', known, reply);
  }

  @Get('view/*')
  view(@Headers('if-none-match') known: string | undefined, @Res() reply: Reply): void {
    this.#send('view.html', known, reply);
  }

  @Get('favicon.ico')
  icon(@Headers('if-none-match') known: string | undefined, @Res() reply: Reply): void {
    this.#send('icon.svg', known, reply);
  }

  @Get('assets/:name')
  asset(@Param('name') name: string, @Headers('if-none-match') known: string | undefined, @Res() reply: Reply): void {
    this.#send(name, known, reply);
  }

  #send(name: string, known: string | undefined, reply: Reply): void {
    const asset = this.#assets.get(name);
    if (asset === undefined) throw new SeamlineError('not-found', 'there is no such page');
    // Always asked again, so that a new version is seen at once; the answer is short when nothing changed.
    reply.header('etag', asset.etag).header('cache-control', 'no-cache');
    if (known === asset.etag) reply.code(304).send();
    else reply.header('content-type', asset.type).send(asset.body);
  }
}
