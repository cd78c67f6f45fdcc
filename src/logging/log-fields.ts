/** The fields that a log line may have beside `time`, `level` and `msg` (constant text, lower case). */
export interface LogFields {
  readonly jobId?: string | undefined;
  readonly stage?: 'ingest' | 'pairing' | 'inference' | 'compose' | 'encode' | 'egress' | undefined;
  readonly camera?: 0 | 1 | undefined;
  readonly requestId?: string | undefined;
  readonly pid?: number | undefined;
  readonly ptsTicks?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly reason?: string | undefined;
  readonly count?: number | undefined;
  readonly err?: unknown;
  /** Further plain values; their names carry the unit. */
  readonly [name: string]: unknown;
}
