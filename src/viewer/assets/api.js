/** Calls of the server's API, with the token that it may ask for. */

const TOKEN_KEY = 'seamline-token';
let asking;

/** What the server said was wrong (RFC 9457). */
export class ProblemError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
    this.status = status;
    /** @type {{field: string, message: string}[]} */
    this.errors = problem.errors ?? [];
  }
}

/** Asks the person at the page for a token, once for all calls that wait for it. */
function askForToken() {
  asking ??= new Promise((resolve) => {
    const dialog = document.getElementById('token-dialog');
    dialog.addEventListener(
      'close',
      () => {
        const token = document.getElementById('token-form').elements.token.value;
        if (token !== '') sessionStorage.setItem(TOKEN_KEY, token);
        asking = undefined;
        resolve();
      },
      { once: true },
    );
    dialog.showModal();
  });
  return asking;
}

/** Headers with the token, when there is one. */
export function authorization() {
  const token = sessionStorage.getItem(TOKEN_KEY);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** `fetch` with the token; asks for one and tries again when the server wants one. */
export async function request(path, options = {}) {
  for (;;) {
    const answer = await fetch(path, { ...options, headers: { ...options.headers, ...authorization() } });
    if (answer.status !== 401) return answer;
    sessionStorage.removeItem(TOKEN_KEY);
    await askForToken();
  }
}

/** A JSON call. @throws ProblemError when the server refuses */
export async function call(method, path, body) {
  const answer = await request(path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (answer.status === 204) return undefined;
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ProblemError(answer.status, value);
  return value;
}

/**
 * Server-sent events (WHATWG HTML, 9.2) with a token, which EventSource cannot send. Connects again by itself.
 * @param onEvent called with name and parsed data
 * @param onLive called with true when events come and false when the connection broke
 */
export async function listen(path, onEvent, onLive) {
  for (;;) {
    try {
      const answer = await request(path, { headers: { accept: 'text/event-stream' } });
      if (answer.status === 404) return;
      if (answer.ok) {
        onLive(true);
        await readEvents(answer.body.pipeThrough(new TextDecoderStream()).getReader(), onEvent);
      }
    } catch {
      // The server is away; it is asked again below.
    }
    onLive(false);
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
}

async function readEvents(reader, onEvent) {
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) =>
        block
          .split('\n')
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
          .join('\n');
      if (field('data') !== '') onEvent(field('event'), JSON.parse(field('data')));
    }
  }
}
