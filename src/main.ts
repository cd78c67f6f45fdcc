import { requireNode } from './node-version.ts';

requireNode();
// Loaded only now: an older Node would stumble over the syntax of what follows before it could say why.
const { serve } = await import('./serve.ts');
await serve(process.argv.slice(2));
