/** Flags of all commands; each says which it takes. */
export interface ModelFlags {
  readonly name?: string;
  readonly fp16?: boolean;
  readonly force?: boolean;
  readonly fixture?: string;
  readonly provider?: string;
  readonly timing?: boolean;
  readonly 'model-dir'?: string;
}

/** Where a command writes lines for the user. */
export type Print = (line: string) => void;
