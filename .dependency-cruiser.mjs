/** Which folder of src/ may import which (docs/architecture.md). Everything not listed for a folder is forbidden to it. */
const may = {
  common: [],
  contract: ['common'],
  geometry: ['common', 'contract'],
  kernels: ['common', 'contract'],
  media: ['common', 'contract'],
  process: ['common', 'contract', 'config', 'logging'],
  logging: ['common', 'contract', 'config'],
  config: ['common', 'contract'],
  pairing: ['common', 'contract'],
  net: ['common', 'config', 'logging'],
  auth: ['common', 'config', 'logging', 'net'],
  'bundle-import': ['common', 'contract', 'geometry', 'logging', 'config'],
  ingest: ['common', 'contract', 'media', 'net', 'process', 'logging', 'config', 'auth'],
  encode: ['common', 'contract', 'media', 'net', 'process', 'logging', 'config'],
  inference: ['common', 'contract', 'geometry', 'kernels', 'process', 'logging', 'config'],
  compose: ['common', 'contract', 'geometry', 'kernels', 'process', 'logging', 'config'],
  egress: ['common', 'contract', 'media', 'net', 'auth', 'process', 'logging', 'config'],
  jobs: ['common', 'contract', 'net', 'auth', 'process', 'logging', 'config', 'egress', 'http'],
  health: ['common', 'contract', 'process', 'logging', 'config', 'jobs', 'egress'],
  http: ['common', 'logging', 'config'],
  pipeline: [
    'common',
    'contract',
    'media',
    'net',
    'process',
    'logging',
    'config',
    'geometry',
    'kernels',
    'pairing',
    'ingest',
    'inference',
    'compose',
    'encode',
  ],
  demo: ['common', 'contract', 'media', 'process', 'logging', 'config', 'egress'],
  offline: [
    'common',
    'contract',
    'media',
    'net',
    'process',
    'logging',
    'config',
    'geometry',
    'kernels',
    'pairing',
    'ingest',
    'inference',
    'compose',
    'encode',
  ],
};

const folderRules = Object.entries(may).map(([folder, allowed]) => ({
  name: `${folder}-imports`,
  comment: `src/${folder} may import only: ${allowed.join(', ') || 'nothing else of src'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/` },
}));

/** Only one place talks to each of these packages. */
const doors = [
  ['fluent-ffmpeg', '^src/process/ffmpeg'],
  ['onnxruntime-node', '^src/inference/'],
  ['werift', '^src/egress/webrtc/'],
].map(([name, door]) => ({
  name: `door-to-${name}`,
  severity: 'error',
  from: { path: '^src/', pathNot: door },
  to: { path: `^node_modules/${name}/` },
}));

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...folderRules,
    ...doors,
    {
      name: 'pure-folders',
      comment: 'These folders hold no I/O: no Node built-in, no package.',
      severity: 'error',
      from: { path: '^src/(common|contract|geometry|kernels|media|pairing)/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/kernels/assembly/' },
  },
};
