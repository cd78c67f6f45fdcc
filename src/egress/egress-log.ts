import type { Logger } from 'pino';

/** What the parts of egress need of the product's logger: fields first, then a constant message. */
export type EgressLog = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
