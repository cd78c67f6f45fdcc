import { SetMetadata } from '@nestjs/common';

/**
 * What a route asks of its caller. `change`: this machine itself, or an admin token. `view`: nothing, or a viewer or
 * admin token when viewer tokens are configured. `public`: nothing.
 */
export type AccessLevel = 'change' | 'view' | 'public';

/** Metadata key of `@Access`. */
export const ACCESS_LEVEL = 'seamline:access';
/** Metadata key of `@BodyTypes`. */
export const BODY_TYPES = 'seamline:body-types';
/** Metadata key of `@AnyOrigin`. */
export const ANY_ORIGIN = 'seamline:any-origin';

/** Sets a route's level. Without it GET and HEAD are `view`, everything else is `change`. */
export const Access = (level: AccessLevel): MethodDecorator & ClassDecorator => SetMetadata(ACCESS_LEVEL, level);

/** Content types a route takes instead of `application/json`. */
export const BodyTypes = (...types: readonly string[]): MethodDecorator & ClassDecorator =>
  SetMetadata(BODY_TYPES, types);

/** Lets pages of every origin call a route that only reads, such as WHEP. */
export const AnyOrigin = (): MethodDecorator & ClassDecorator => SetMetadata(ANY_ORIGIN, true);
