import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { ProblemCatalogController } from './problem-catalog.controller.ts';
import { ProblemFilter } from './problem.filter.ts';
import { BodyValidationPipe } from './validation.pipe.ts';

/** Validation before every handler, problem+json after every error. */
@Module({
  controllers: [ProblemCatalogController],
  providers: [
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useClass: BodyValidationPipe },
  ],
})
export class HttpModule {}
