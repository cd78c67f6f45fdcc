/** What an event stream says at once: its text up to the end of the first event. @throws Error after ten seconds */
export async function firstEvents(url: string): Promise<string> {
  const abort = new AbortController();
  const answer = await fetch(url, { signal: AbortSignal.any([abort.signal, AbortSignal.timeout(10_000)]) });
  let text = '';
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    text += new TextDecoder().decode(chunk);
    if (/^event: .*\ndata: .*\n\n/m.test(text)) break;
  }
  abort.abort();
  return text;
}
