/** STUN and TURN servers that a WHEP server names in `Link` headers (RFC 8288, RFC 9725 section 4.6). */

/**
 * @param header value of `Link`, several of them joined by commas
 * @returns {RTCIceServer[]}
 */
export function iceServersOf(header) {
  const links = header.matchAll(/<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:\\.|[^"\\])*"|[^\s",;]+))*)/g);
  return [...links].flatMap(([, urls, parameters]) => {
    const values = new Map(
      [...parameters.matchAll(/([\w-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s",;]+))/g)].map(([, name, quoted, bare]) => [
        name.toLowerCase(),
        quoted?.replaceAll(/\\(.)/g, '$1') ?? bare,
      ]),
    );
    if (values.get('rel') !== 'ice-server' || !/^(stun|turn)s?:/.test(urls)) return [];
    const login = { username: values.get('username'), credential: values.get('credential') };
    return [login.username === undefined ? { urls } : { urls, ...login }];
  });
}
