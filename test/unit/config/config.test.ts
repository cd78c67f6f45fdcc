import 'reflect-metadata';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { proxyList } from '../../../src/auth/client-address.ts';
import type { SeamlineError } from '../../../src/common/seamline-error.ts';
import { configFrom, loadConfig, type ConfigSources } from '../../../src/config/config.loader.ts';
import { AppConfig } from '../../../src/config/config.schema.ts';
import { configKeys } from '../../../src/config/config.values.ts';
import { configJsonSchema } from '../../../src/config/json-schema.ts';
import { SourcePolicy } from '../../../src/net/source-policy.ts';

const shipped = new URL('../../../config/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, shipped), 'utf8');

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'seamline-config-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function load(files: Record<string, string>, rest: Omit<ConfigSources, 'folder'> = {}): AppConfig {
  return loadConfig({ folder: folderWith(files), environment: {}, flags: [], ...rest });
}

function mistakesOf(act: () => unknown): Record<string, string> {
  try {
    act();
  } catch (error) {
    const { type, errors } = error as SeamlineError;
    expect(type).toBe('config-invalid');
    return Object.fromEntries((errors ?? []).map(({ field, message }) => [field, message]));
  }
  throw new Error('no mistake was found');
}

describe('the shipped configuration', () => {
  it('repeats the defaults of the classes in default.yaml, key by key', () => {
    expect(parse(read('default.yaml'))).toEqual(JSON.parse(JSON.stringify(new AppConfig())));
  });

  it('explains every key of default.yaml in a comment', () => {
    const lines = read('default.yaml').split('\n');
    const unexplained = lines.filter((line, index) => {
      const isKey = /^\s*[a-zA-Z]+:/.test(line);
      return isKey && !/^\s*#/.test(lines[index - 1] ?? '');
    });

    expect(unexplained).toEqual([]);
  });

  it.each(['production', 'development'])('loads with the profile %s', (profile) => {
    expect(() => loadConfig({ environment: { SEAMLINE_PROFILE: profile }, flags: [] })).not.toThrow();
  });

  it('has a schema.json that scripts/config-schema.mjs would write again', () => {
    expect(JSON.parse(read('schema.json'))).toEqual(JSON.parse(JSON.stringify(configJsonSchema(read('default.yaml')))));
  });
});

describe('names of keys outside the files', () => {
  it('gives every key a variable and a flag of its own', () => {
    const keys = configKeys(AppConfig);

    expect(new Set(keys.map((key) => key.variable)).size).toBe(keys.length);
    expect(new Set(keys.map((key) => key.flag)).size).toBe(keys.length);
    expect(keys.map((key) => key.variable)).toContain('SEAMLINE_JOBS_DEFAULTS_BITRATE_KBPS');
    expect(keys.map((key) => key.flag)).toContain('jobs-defaults-bitrate-kbps');
  });
});

describe('precedence', () => {
  const files = {
    'default.yaml': 'http: {port: 1001, host: 10.0.0.1}\nrtsp: {port: 2001}\n',
    'production.yaml': 'http: {port: 1002}\nrtsp: {port: 2002}\n',
    'local.yaml': 'http: {port: 1003}\nrtsp: {port: 2003}\n',
  };

  it('lets local.yaml win over the profile and the profile over default.yaml', () => {
    const config = load(files);

    expect(config.http.port).toBe(1003);
    expect(config.http.host).toBe('10.0.0.1');
    expect(config.jobs.maxJobs).toBe(4);
  });

  it('lets variables win over files and flags over variables', () => {
    const environment = { SEAMLINE_HTTP_PORT: '1004', SEAMLINE_RTSP_PORT: '2004' };

    const config = load(files, { environment, flags: ['--http-port', '1005'] });

    expect(config.http.port).toBe(1005);
    expect(config.rtsp.port).toBe(2004);
  });

  it('reads lists, switches, null and sections from variables and flags', () => {
    const environment = {
      SEAMLINE_NETWORK_PUBLIC_HOSTS: 'pano.example.org, 198.51.100.7',
      SEAMLINE_INFERENCE_DEVICES: '0,1',
      SEAMLINE_RTSP_USERS: '[{name: guard, password: open-sesame}]',
      SEAMLINE_JOBS_DEFAULTS_FPS: 'null',
    };

    const config = load({}, { environment, flags: ['--access-open', '--inference-budget=0.5'] });

    expect(config.network.publicHosts).toEqual(['pano.example.org', '198.51.100.7']);
    expect(config.inference.devices).toEqual([0, 1]);
    expect(config.rtsp.users[0]?.name).toBe('guard');
    expect(config.jobs.defaults.fps).toBeNull();
    expect(config.access.open).toBe(true);
    expect(config.inference.budget).toBe(0.5);
  });
});

describe('mistakes', () => {
  it('are all listed at once, each under its key', () => {
    const files = {
      'local.yaml': 'http: {port: 70000, hots: a}\nrtps: {}\njobs: {defaults: {fps: fast}, maxJobs: 0}\n',
    };
    const environment = { SEAMLINE_HTTP_HOTS: 'x', SEAMLINE_LOG_LEVEL: 'loud' };

    const mistakes = mistakesOf(() => load(files, { environment, flags: ['--verbose', '--rtsp-port'] }));

    expect(Object.keys(mistakes).sort()).toEqual([
      '--rtsp-port',
      '--verbose',
      'SEAMLINE_HTTP_HOTS',
      'http.hots',
      'http.port',
      'jobs.defaults.fps',
      'jobs.maxJobs',
      'log.level',
      'rtps',
    ]);
    expect(mistakes['http.port']).toBe('must be a whole number from 0 to 65535');
  });

  it('between keys and in files of secrets are listed together with those of single keys', () => {
    const local = 'http: {port: 8554}\naccess: {adminTokenFile: /no/such/file}\njobs: {maxJobs: 0}\n';

    expect(Object.keys(mistakesOf(() => load({ 'local.yaml': local }))).sort()).toEqual([
      'access.adminTokenFile',
      'jobs.maxJobs',
      'rtsp.port',
    ]);
  });

  it('do not hide one another, wherever they stand', () => {
    const folder = folderWith({ short: 'abc\n', empty: '# nothing\n', quoted: 'a"b\n', token: '0123456789abcdef\n' });
    const local = `
      http: {port: 8554, maxConnections: 0, trustProxy: [abc], host: 999.1.1.1}
      access: {open: maybe, adminTokens: [short], adminTokenFile: "${folder}/short", viewerTokenFile: "${folder}/token"}
      network: {sourceNetworks: [300.1.1.1]}
      rtsp:
        maxSessions: 0
        udpPort: 8188
        users:
          - {name: a, password: b}
          - {name: a, password: b}
          - {name: "x y", passwordFile: /no/such/file}
          - {name: c, passwordFile: "${folder}/quoted"}
          - {name: d}
          - {name: e, password: 5}
      webrtc:
        maxSessions: 0
        iceServers: [{url: "turn:a"}, {url: "turn:b", username: c, credentialFile: "${folder}/empty"}, {url: 7}]
      inference: {threads: 0, providers: []}
      push: {stallTimeoutMs: 0, certificateAuthorityFile: package.json}`;

    expect(Object.keys(mistakesOf(() => load({ 'local.yaml': local }))).sort()).toEqual([
      'access.adminTokenFile',
      'access.adminTokens',
      'access.open',
      'http.host',
      'http.maxConnections',
      'http.trustProxy',
      'inference.providers',
      'inference.threads',
      'network.sourceNetworks',
      'push.certificateAuthorityFile',
      'push.stallTimeoutMs',
      'rtsp.maxSessions',
      'rtsp.port',
      'rtsp.udpPort',
      'rtsp.users[1].name',
      'rtsp.users[2].name',
      'rtsp.users[2].passwordFile',
      'rtsp.users[3].passwordFile',
      'rtsp.users[4].password',
      'rtsp.users[5].password',
      'webrtc.iceServers[0].username',
      'webrtc.iceServers[1].credentialFile',
      'webrtc.iceServers[2].url',
      'webrtc.maxSessions',
    ]);
  });

  it('of a section that is none do not hide those of others', () => {
    const local =
      'http: 1\naccess: []\nrtsp: null\nwebrtc: {iceServers: 3}\npush: x\ninference: 0\njobs: {maxJobs: 0}\n';

    expect(Object.keys(mistakesOf(() => load({ 'local.yaml': local }))).sort()).toEqual([
      'access',
      'http',
      'inference',
      'jobs.maxJobs',
      'push',
      'rtsp',
      'webrtc.iceServers',
    ]);
  });

  it('of a file that cannot be read are listed as well', () => {
    const folder = folderWith({ 'default.yaml': 'jobs: {maxJobs: 0}\n' });
    mkdirSync(join(folder, 'local.yaml'));

    expect(Object.keys(mistakesOf(() => loadConfig({ folder, environment: {}, flags: [] }))).sort()).toEqual([
      'jobs.maxJobs',
      'local.yaml',
    ]);
  });

  it.each(['300.1.1.1', '10.0.0.0/99', '10.0.0.0/33', '::/129', ':::', '1.2.3', 'fe80::1%eth0', '10.0.0.0/', '/8'])(
    '%s is no network',
    (network) => {
      const tree = { http: { trustProxy: [network] }, network: { sourceNetworks: [network], pushNetworks: [network] } };

      expect(Object.keys(mistakesOf(() => configFrom(tree)))).toEqual([
        'http.trustProxy',
        'network.sourceNetworks',
        'network.pushNetworks',
      ]);
    },
  );

  it.each(['10.0.0.0/8', '192.168.1.7', '::1', 'fd00::/8', '0.0.0.0/0', '2001:db8::7/128'])(
    '%s is a network',
    (network) => {
      const tree = { http: { trustProxy: [network] }, network: { sourceNetworks: [network], pushNetworks: [network] } };
      const { http, network: rules } = configFrom(tree);

      expect(() => proxyList(http.trustProxy)).not.toThrow();
      expect(() => new SourcePolicy({ allow: rules.sourceNetworks, ownPorts: [] })).not.toThrow();
    },
  );

  it.each([
    ['999.1.1.1', false],
    ['1.2.3', false],
    ['fe80:', false],
    ['::1', true],
    ['10.0.0.7', true],
    ['pano.example.org', true],
    ['7cams', true],
  ])('%s as a host: %s', (host, isTaken) => {
    const act = (): unknown =>
      configFrom({ http: { host }, rtsp: { host }, webrtc: { host }, network: { publicHosts: [host] } });

    if (isTaken) expect(act).not.toThrow();
    else expect(Object.keys(mistakesOf(act))).toHaveLength(4);
  });

  it.each([
    ['rtsp: 8554', 'rtsp'],
    ['rtsp: [1]', 'rtsp'],
    ['rtsp:', 'rtsp'],
    ['- a list', 'local.yaml'],
    ['http: {port: "5000"}', 'http.port'],
    ['http: {port: 1.5}', 'http.port'],
    ['a: [', 'local.yaml'],
    ['rtsp: {users: [{name: a}]}', 'rtsp.users[0].password'],
    ['rtsp: {users: [{name: a, pass: b}]}', 'rtsp.users[0].pass'],
    ['access: {adminTokens: [short]}', 'access.adminTokens'],
    ['webrtc: {port: 8554}', 'webrtc.port'],
    ['rtsp: {udpPort: 8001}', 'rtsp.udpPort'],
    ['rtsp: {udpPort: 8188}', 'rtsp.udpPort'],
    ['http: {port: 8554}', 'rtsp.port'],
    ['network: {sourceNetworks: [everywhere]}', 'network.sourceNetworks'],
    ['inference: {providers: []}', 'inference.providers'],
    ['access: {adminTokenFile: /no/such/file}', 'access.adminTokenFile'],
    ['push: {certificateAuthorityFile: package.json}', 'push.certificateAuthorityFile'],
    ['webrtc: {iceServers: [{url: "http://a"}]}', 'webrtc.iceServers[0].url'],
    ['webrtc: {iceServers: [{url: "turn:a", username: b}]}', 'webrtc.iceServers[0].username'],
    [
      'webrtc: {iceServers: [{url: "turn:a", username: b, credentialFile: /no}]}',
      'webrtc.iceServers[0].credentialFile',
    ],
  ])('%s is reported under %s', (text, field) => {
    expect(Object.keys(mistakesOf(() => load({ 'local.yaml': text })))).toContain(field);
  });

  it('do not include a __proto__ key, which has no effect', () => {
    const config = load({ 'local.yaml': '"__proto__": {open: true}\naccess: {"__proto__": {open: true}}\n' });

    expect(config.access.open).toBe(false);
    expect(({} as { open?: boolean }).open).toBeUndefined();
  });

  it('name a profile without a file', () => {
    expect(mistakesOf(() => load({}, { flags: ['--profile', 'stage'] }))).toHaveProperty('SEAMLINE_PROFILE');
  });

  it('never repeat a secret', () => {
    const file = join(folderWith({ token: 'canary short\n' }), 'token');
    const act = (): AppConfig =>
      load({ 'local.yaml': `access: {viewerTokens: ["canary short"], adminTokenFile: "${file}"}` });

    expect(act).toThrow(/access\.viewerTokens/);
    expect(act).not.toThrow(/canary/);
  });
});

describe('secrets', () => {
  it('are read from files, comments and empty lines left out', () => {
    const folder = folderWith({
      admin: '# made by hand\n0123456789abcdef\n\nfedcba9876543210\n',
      guard: 'open-sesame\n',
    });
    const local = `access: {adminTokenFile: ${folder}/admin}\nrtsp: {users: [{name: guard, passwordFile: ${folder}/guard}]}`;

    const config = load({ 'local.yaml': local });

    expect(config.access.adminTokens).toEqual(['0123456789abcdef', 'fedcba9876543210']);
    expect(config.rtsp.users[0]?.password).toBe('open-sesame');
  });
});

it('cannot be changed after it was loaded', () => {
  const config = configFrom({});

  expect(Object.isFrozen(config.jobs.defaults)).toBe(true);
  expect(Object.isFrozen(config.inference.providers)).toBe(true);
});
