import { Controller, Get, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { isProblemType, problems } from '../common/problems.ts';
import { SeamlineError } from '../common/seamline-error.ts';

/** What the `type` of a problem leads to. */
@ApiExcludeController()
@Controller('problems')
export class ProblemCatalogController {
  @Get()
  list(): object {
    return Object.fromEntries(Object.entries(problems).map(([name, problem]) => [`/problems/${name}`, problem]));
  }

  @Get(':name')
  show(@Param('name') name: string): object {
    if (!isProblemType(name)) throw new SeamlineError('not-found', 'there is no problem type of this name');
    return { type: `/problems/${name}`, ...problems[name], documentation: `docs/problems.md#${name}` };
  }
}
