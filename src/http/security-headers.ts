/**
 * Content security policy of our pages: scripts, styles and connections of this server alone, nothing inline, no frames
 * around them from elsewhere. WebRTC needs no entry; blob: is what players feed to <video>.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'self'",
].join('; ');

/** The interface of /docs sets styles inline. */
const DOCS_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

/** Headers of every answer. @param path path of the request without its query */
export function securityHeaders(path: string): Readonly<Record<string, string>> {
  return {
    'content-security-policy': path === '/docs' || path.startsWith('/docs/') ? DOCS_POLICY : PAGE_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  };
}
