import { Module } from '@nestjs/common';
import { ViewerController } from './viewer.controller.ts';
import { readAssets, VIEWER_ASSETS } from './viewer-assets.ts';

/** The pages: plain HTML, CSS and ES modules, no build step. */
@Module({
  controllers: [ViewerController],
  providers: [{ provide: VIEWER_ASSETS, useFactory: () => readAssets(new URL('./assets/', import.meta.url)) }],
})
export class ViewerModule {}
