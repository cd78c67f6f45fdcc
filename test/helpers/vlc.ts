import { chmod, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';

/**
 * Plays an address in VLC for a while, as a user without rights, since VLC refuses root.
 * @returns every n-th picture that it showed, PNG files in their order, in a folder that is the caller's to remove
 */
export async function playInVlc(
  url: string,
  seconds: number,
  everyNth: number,
): Promise<{ readonly folder: string; readonly pictures: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'seamline-vlc-'));
  await chmod(folder, 0o777);
  const scene = ['--video-filter=scene', `--scene-path=${folder}`, '--scene-format=png', `--scene-ratio=${everyNth}`];
  const vlc = ['cvlc', '--intf', 'dummy', '--no-dbus', '--no-audio', '--vout', 'dummy', '--network-caching=300'];
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', 'env', `HOME=${folder}`];
  const isRoot = process.getuid?.() === 0;
  const command = [...(isRoot ? ['setpriv', ...asNobody] : []), ...vlc, ...scene, `--run-time=${seconds}`];
  await runProgram(command[0]!, [...command.slice(1), url, 'vlc://quit'], (seconds + 36) * 1000);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.png'));
  return { folder, pictures: names.toSorted().map((name) => join(folder, name)) };
}
