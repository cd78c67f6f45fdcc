import { requireNode } from './node-version.ts';
import { siblingModule } from './process/sibling-module.ts';

const HELP = `seamline: two network cameras in, one live panorama out

  seamline serve [--http-port 5000] [--profile production] …   run the server
  seamline stitch LEFT RIGHT -o OUT.mp4 [--report REPORT.json]  stitch two files
  seamline models import | check | list | show                 bundles of networks
  seamline bench [NAME]                                        measure this machine

"seamline COMMAND --help" says more about each.`;

const SERVE_HELP = `seamline serve [flags]: run the server until Ctrl-C or SIGTERM

Every key of config/default.yaml is a flag and a variable: http.port is --http-port 5000 and SEAMLINE_HTTP_PORT=5000.
  --profile NAME       config/NAME.yaml: production (default) or development
  --http-host ADDRESS  --http-port PORT      API, pages, HTTP-FLV, WHEP   (0.0.0.0:5000)
  --rtsp-port PORT                           RTSP for players             (8554)
  --webrtc-port PORT                         WebRTC's media, UDP and TCP  (8189)
  --jobs-max-jobs N                          jobs at the same time        (4)
  --log-level LEVEL                          fatal, error, warn, info, debug, trace
Order, later wins: default.yaml, profile, config/local.yaml, SEAMLINE_… variables, flags.`;

/** Exit code for a command line that cannot be understood. */
const EXIT_USAGE = 2;

/** The commands: module beside this one, and the function in it that takes the arguments and gives the exit code. */
const COMMANDS: Readonly<Record<string, readonly [string, string]>> = {
  serve: ['./serve', 'serve'],
  stitch: ['./offline/command', 'runStitch'],
  models: ['./model-tools/command', 'runModels'],
  bench: ['./bench', 'runBench'],
};

type Run = (args: readonly string[]) => Promise<number | void>;

/** Runs one command line. @returns the exit code, or undefined while a server keeps running */
async function main(args: readonly string[]): Promise<number | undefined> {
  const [name = '--help', ...rest] = args;
  if (['--help', '-h', 'help'].includes(name)) {
    console.log(HELP);
    return 0;
  }
  const command = COMMANDS[name];
  if (command === undefined) {
    console.error(`seamline: there is no command ${JSON.stringify(name)}\n\n${HELP}`);
    return EXIT_USAGE;
  }
  if (name === 'serve' && rest.some((word) => word === '--help' || word === '-h')) {
    console.log(SERVE_HELP);
    return 0;
  }
  // Loaded by name: a command pays for its own modules alone, and `--help` for none.
  const [module, run] = command;
  const loaded = (await import(siblingModule(import.meta.url, module).href)) as Record<string, Run | undefined>;
  return (await loaded[run]?.(rest)) ?? undefined;
}

requireNode();
const code = await main(process.argv.slice(2));
if (code !== undefined) process.exitCode = code;
