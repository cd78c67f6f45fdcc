import { SeamlineError } from './seamline-error.ts';

/**
 * The promise's own outcome, or a `timeout` error after `ms`. What was started is not cancelled: pass an
 * AbortSignal to it for that.
 * @param what the thing waited for, as it reads in "WHAT took longer than … ms"
 */
export async function withDeadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new SeamlineError('timeout', `${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
