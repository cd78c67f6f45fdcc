/** Injection token of the Link headers that name STUN and TURN servers to viewers. */
export const WHEP_LINKS = Symbol('WhepLinks');

/** A STUN or TURN server for viewers. */
export interface IceServer {
  readonly url: string;
  readonly username: string;
  readonly credential: string;
}

/** Link header values (WHEP, section 4.4) of the servers that viewers may use to get out of their networks. */
export function iceServerLinks(servers: readonly IceServer[]): string[] {
  return servers.map(({ url, username, credential }) => {
    const login =
      username === ''
        ? ''
        : `; username=${quoted(username)}; credential=${quoted(credential)}; credential-type="password"`;
    return `<${url}>; rel="ice-server"${login}`;
  });
}

function quoted(text: string): string {
  return `"${text.replaceAll(/(["\\])/g, String.raw`\$1`)}"`;
}
