/**
 * Address of a module beside the one that asks, as a worker or a forked process needs it: `.ts` when the sources run
 * as they are, `.js` in the build.
 * @param metaUrl the caller's `import.meta.url`
 * @param name module without extension, for example `./compose.worker`
 */
export function siblingModule(metaUrl: string, name: string): URL {
  return new URL(`${name}${metaUrl.endsWith('.ts') ? '.ts' : '.js'}`, metaUrl);
}
