/** One kind of error that users can meet. `status` is the HTTP status of an answer that carries it. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  /** True when the same request may succeed later without being changed. */
  readonly retryable?: boolean;
}

/** Every problem type of the product; each has a section of the same name in docs/problems.md (RFC 9457 `type`). */
export const problems = {
  'invalid-request': { status: 422, title: 'The request has invalid fields' },
  'unreadable-body': { status: 400, title: 'The body cannot be read as JSON' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body has the wrong content type' },
  unauthorized: { status: 401, title: 'A token is needed' },
  forbidden: { status: 403, title: 'This is not allowed' },
  'too-many-requests': { status: 429, title: 'Too many requests', retryable: true },
  'output-in-use': { status: 409, title: 'Another job has this output' },
  'job-not-found': { status: 404, title: 'No such job' },
  'stream-not-found': { status: 404, title: 'No such stream' },
  'not-found': { status: 404, title: 'No such page' },
  'job-limit-reached': { status: 429, title: 'The server runs its maximum number of jobs', retryable: true },
  'shutting-down': { status: 503, title: 'The server is stopping', retryable: true },
  'source-unreachable': { status: 502, title: 'A camera could not be reached', retryable: true },
  'source-unauthorized': { status: 502, title: 'A camera refused the credentials' },
  'source-unsupported': { status: 422, title: 'A camera sends a format that is not supported' },
  'source-protocol': { status: 502, title: 'A camera answered something that is not RTSP', retryable: true },
  'source-refused': { status: 422, title: 'This address may not be pulled from' },
  'output-rejected': { status: 502, title: 'The output server refused the stream', retryable: true },
  'views-do-not-overlap': { status: 422, title: 'The two views share too little to be aligned' },
  'file-unreadable': { status: 422, title: 'A file cannot be read' },
  'model-invalid': { status: 500, title: 'A network file is missing or does not match its manifest' },
  'checkpoint-invalid': { status: 422, title: 'A checkpoint cannot be imported' },
  'inference-failed': { status: 500, title: 'ONNX Runtime failed' },
  'ffmpeg-missing': { status: 500, title: 'ffmpeg is missing or unfit' },
  'ffmpeg-failed': { status: 500, title: 'ffmpeg ended unexpectedly', retryable: true },
  'config-invalid': { status: 500, title: 'The configuration has mistakes' },
  'port-in-use': { status: 500, title: 'A port is taken by another program' },
  'state-file-in-use': { status: 500, title: 'Another server has this state file' },
  timeout: { status: 504, title: 'Something took too long', retryable: true },
} as const satisfies Record<string, Problem>;

/** Name of a problem type, the last part of the `type` URI `/problems/NAME`. */
export type ProblemType = keyof typeof problems;

/** True for the name of a problem type of the registry. */
export function isProblemType(name: unknown): name is ProblemType {
  return typeof name === 'string' && Object.hasOwn(problems, name);
}
