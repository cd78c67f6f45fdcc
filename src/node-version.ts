const MINIMUM_NODE = 24;

/** Ends the process with a word of advice when it runs under a Node that is too old for what it would load next. */
export function requireNode(version: string = process.versions.node): void {
  if (Number(version.split('.')[0]) >= MINIMUM_NODE) return;
  process.stderr.write(
    `Seamline needs Node ${MINIMUM_NODE} or newer, this is ${version}. ` +
      'Run `npm start` or `npx seamline`, which bring their own Node.\n',
  );
  process.exit(1);
}
