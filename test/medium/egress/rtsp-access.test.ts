import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigTree } from '../../../src/config/config.values.ts';
import { EgressService } from '../../../src/egress/egress.service.ts';
import { startApi, type TestApi } from '../../helpers/api.ts';
import { runProgram } from '../../helpers/run-program.ts';

const VIEWER = 'viewer-token-0123456789';
const ADMIN = 'admin-token-0123456789';
const GUARD = { name: 'guard', password: 'open-sesame' };

let api: TestApi;

afterEach(() => api.close());

/** What a player is told about a stream that does not exist, with each of the log-ins: 404 when it was let in. */
async function answers(config: ConfigTree, logins: readonly string[]): Promise<string[]> {
  const ports = { host: '127.0.0.1', port: 0 };
  api = await startApi({ ...config, rtsp: { ...(config['rtsp'] as object), ...ports }, webrtc: ports });
  const egress = api.app.get(EgressService);
  await egress.listen();
  const found: string[] = [];
  for (const login of logins) {
    const url = `rtsp://${login}127.0.0.1:${egress.rtspPort}/nothing-here`;
    const { stderr } = await runProgram('ffprobe', ['-v', 'error', '-rtsp_transport', 'tcp', url]);
    found.push(/\b(401|404)\b/.exec(stderr)?.[1] ?? stderr);
  }
  return found;
}

const LOGINS = ['', 'anyone:wrong-token-0123456789@', `anyone:${VIEWER}@`, `anyone:${ADMIN}@`, 'guard:open-sesame@'];

describe('RTSP play', () => {
  it('is open without viewer tokens and users', async () => {
    expect(await answers({ access: { adminTokens: [ADMIN] } }, ['', 'anyone:anything@'])).toEqual(['404', '404']);
  });

  it('needs a token when viewer tokens are set, or the log-in of a user', async () => {
    const access = { viewerTokens: [VIEWER], adminTokens: [ADMIN] };

    expect(await answers({ access, rtsp: { users: [GUARD] } }, LOGINS)).toEqual(['401', '401', '404', '404', '404']);
    expect(api.log()).not.toContain('play without a log-in');
  });

  it('needs the log-in of a user when there are users alone, and says that the rest is open', async () => {
    const access = { adminTokens: [ADMIN] };

    expect(await answers({ access, rtsp: { users: [GUARD] } }, LOGINS)).toEqual(['401', '401', '401', '401', '404']);
    expect(api.log()).toContain('play without a log-in');
    expect((await api.call('GET', '/stitch', undefined, { from: '198.51.100.7' })).status).toBe(200);
  });
});
