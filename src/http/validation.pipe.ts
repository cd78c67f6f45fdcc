import { Injectable, ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { SeamlineError } from '../common/seamline-error.ts';
import { fieldErrors } from '../config/field-errors.ts';

/** Deepest nesting that a body may have; a manual geometry needs five levels. */
const MAX_DEPTH = 12;

/** Checks bodies against their DTO classes: unknown fields are errors, every field at fault is named. */
@Injectable()
export class BodyValidationPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: true,
      exceptionFactory: (errors) => invalid(fieldErrors(errors)),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const isDto = metadata.type === 'body' && metadata.metatype !== undefined && this.toValidate(metadata);
    if (!isDto) return value;
    if (value === undefined) throw new SeamlineError('unreadable-body', 'a JSON object is needed as body');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw invalid([{ field: '', message: 'the body must be a JSON object' }]);
    }
    // class-transformer leaves this name out without a word, as a guard against prototype pollution.
    if (Object.hasOwn(value, 'constructor')) throw invalid([{ field: 'constructor', message: 'is not known' }]);
    if (isDeeperThan(value, MAX_DEPTH)) throw invalid([{ field: '', message: 'the body is nested too deeply' }]);
    return super.transform(value, metadata) as Promise<unknown>;
  }
}

function invalid(errors: readonly { field: string; message: string }[]): SeamlineError {
  const detail = errors.map(({ field, message }) => `${field} ${message}`.trim()).join('; ');
  return new SeamlineError('invalid-request', detail, { errors });
}

/** Own recursion ends at the limit, so that a body of a million brackets costs nothing. */
function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  return Object.values(value).some((item) => isDeeperThan(item, depth - 1));
}
