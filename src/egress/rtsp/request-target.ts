/** Last part of the control address of the one track. */
export const TRACK_CONTROL = 'trackID=0';

/** What a request speaks about. */
export interface RequestTarget {
  /** Path of the stream in the form that jobs use: no slash at either end, percent-encoding normalised. */
  readonly path: string;
  /** True when the address names the track, false when it names the whole presentation. */
  readonly isTrack: boolean;
}

/**
 * Reads the address of a request (RFC 2326 §3.2). Queries are ignored; clients that were given one put the control
 * address behind it, so the track is looked for at the very end.
 * @returns undefined when it is no rtsp address or names a track that does not exist
 */
export function parseRequestTarget(uri: string): RequestTarget | undefined {
  const match = /^rtsps?:\/\/[^/?#]+([^#]*)$/i.exec(uri);
  if (match === null) return undefined;
  const whole = (match[1] ?? '').replace(/\/+$/, '');
  const control = /\/(trackID=[^/?]*)$/.exec(whole);
  if (control !== null && control[1] !== TRACK_CONTROL) return undefined;
  const presentation = control === null ? whole : whole.slice(0, control.index);
  const path = normalizeStreamPath(presentation.replace(/\?.*$/, ''));
  return path === undefined ? undefined : { path, isTrack: control !== null };
}

/** One spelling for a path: as URL parsing leaves it, without slashes at its ends; undefined when it is no path. */
export function normalizeStreamPath(path: string): string | undefined {
  try {
    return new URL(`http://host/${path.replace(/^\/+/, '')}`).pathname.replace(/^\/+|\/+$/g, '');
  } catch {
    return undefined;
  }
}
