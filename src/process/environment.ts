/** The environment for other programs: tokens and passwords of the configuration are no business of theirs. */
export function environmentOfPrograms(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SEAMLINE_')));
}
