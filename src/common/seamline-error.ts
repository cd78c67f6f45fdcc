import { isProblemType, problems, type Problem, type ProblemType } from './problems.ts';

/** One field of a request, a configuration or a file that is at fault, and what would be right. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** The plain form of an error (RFC 9457 without `instance`), as it crosses processes and goes into answers and job states. */
export interface ProblemJson {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly camera?: 0 | 1;
  readonly errors?: readonly FieldError[];
}

/** What an error may carry beside its type and detail. */
export interface SeamlineErrorOptions {
  readonly camera?: 0 | 1;
  readonly errors?: readonly FieldError[];
  readonly cause?: unknown;
}

/**
 * The one error class for everything a user can meet. `message` names what to check and holds no path of the
 * machine that a caller did not send himself, no stack and no password. Programming mistakes throw plain `Error`.
 */
export class SeamlineError extends Error {
  readonly type: ProblemType;
  readonly camera: 0 | 1 | undefined;
  readonly errors: readonly FieldError[] | undefined;

  constructor(type: ProblemType, detail: string, options: SeamlineErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SeamlineError';
    this.type = type;
    this.camera = options.camera;
    this.errors = options.errors;
  }

  /** HTTP status of the problem type. */
  get status(): number {
    return problems[this.type].status;
  }

  /** True when trying again may help. */
  get retryable(): boolean {
    const problem: Problem = problems[this.type];
    return problem.retryable === true;
  }

  /** The plain form, for answers and messages between processes. */
  toProblem(): ProblemJson {
    return {
      type: `/problems/${this.type}`,
      title: problems[this.type].title,
      status: this.status,
      detail: this.message,
      ...(this.camera === undefined ? {} : { camera: this.camera }),
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }

  /** The error again from its plain form. @throws Error when the type is not in the registry */
  static fromProblem(problem: ProblemJson): SeamlineError {
    const name = problem.type.replace('/problems/', '');
    if (!isProblemType(name)) throw new Error(`unknown problem type ${name}`);
    return new SeamlineError(name, problem.detail, {
      ...(problem.camera === undefined ? {} : { camera: problem.camera }),
      ...(problem.errors === undefined ? {} : { errors: problem.errors }),
    });
  }
}
