import { chmod, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnChild } from '../../src/process/child.ts';
import { eventually } from './seamline-server.ts';

/**
 * Plays an address in VLC for a while, as a user without rights, since VLC refuses root.
 * @returns every n-th picture that it showed, `count` of them (fewer after a minute or two), PNG files in their order,
 * in a folder that is the caller's to remove
 */
export async function playInVlc(
  url: string,
  count: number,
  everyNth: number,
): Promise<{ readonly folder: string; readonly pictures: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'seamline-vlc-'));
  await chmod(folder, 0o777);
  const scene = ['--video-filter=scene', `--scene-path=${folder}`, '--scene-format=png', `--scene-ratio=${everyNth}`];
  const vlc = ['cvlc', '--intf', 'dummy', '--no-dbus', '--no-audio', '--vout', 'dummy', '--network-caching=300'];
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', 'env', `HOME=${folder}`];
  const isRoot = process.getuid?.() === 0;
  const command = [...(isRoot ? ['setpriv', ...asNobody] : []), ...vlc, ...scene, url, 'vlc://quit'];
  const child = spawnChild({ command: command[0]!, args: command.slice(1) });
  child.stdout.resume();
  const written = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => name.endsWith('.png')).toSorted();
  // The newest may still be written.
  await eventually('pictures of VLC', 30_000, async () => (await written()).length > count || undefined).catch(
    () => [],
  );
  await child.stop();
  return { folder, pictures: (await written()).slice(0, count).map((name) => join(folder, name)) };
}
