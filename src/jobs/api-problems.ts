import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { problems, type Problem } from '../common/problems.ts';

const SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string', example: '/problems/invalid-request' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What to check, in plain words.' },
    instance: { type: 'string' },
    requestId: { type: 'string' },
    camera: { type: 'integer', enum: [0, 1] },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } },
    },
  },
};

/** Documents the problem+json answers of a route; each status lists the problem types that have it. */
export function ApiProblems(...statuses: readonly number[]): MethodDecorator {
  const responses = statuses.map((status) => {
    const names = Object.entries<Problem>(problems).filter(([, problem]) => problem.status === status);
    const description = names.map(([name, { title }]) => `\`/problems/${name}\`: ${title}`).join('; ');
    return ApiResponse({ status, description, content: { 'application/problem+json': { schema: SCHEMA } } });
  });
  return applyDecorators(...responses);
}
