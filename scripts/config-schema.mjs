// Writes config/schema.json from the classes in src/config (built into dist) and the comments of config/default.yaml.
import { readFileSync, writeFileSync } from 'node:fs';
import 'reflect-metadata';
import { configJsonSchema } from '../dist/config/json-schema.js';

const file = (name) => new URL(`../config/${name}`, import.meta.url);
const schema = configJsonSchema(readFileSync(file('default.yaml'), 'utf8'));
writeFileSync(file('schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
