import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { productVersion } from './health/version.ts';

const DESCRIPTION =
  'Two network cameras in, one live panorama out. State-changing calls need a request from the machine itself or a ' +
  'token; errors are problem+json (RFC 9457), see docs/problems.md.';

/** Serves the OpenAPI document at /docs (page), /docs-json and /docs-yaml. */
export function configureDocs(app: NestFastifyApplication): void {
  const options = new DocumentBuilder()
    .setTitle('Seamline')
    .setDescription(DESCRIPTION)
    .setVersion(productVersion())
    .addBearerAuth()
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, options), {
    customSiteTitle: 'Seamline API',
  });
}
