import { parseDocument, isMap, isScalar, type YAMLMap } from 'yaml';
import { AppConfig } from './config.schema.ts';
import { settingsOf } from './setting.ts';

type Section = new () => object;

/**
 * JSON Schema (2020-12) of the configuration files, for editors. Types and limits come from the classes, descriptions
 * from the comments of default.yaml.
 * @param defaultYaml text of config/default.yaml
 */
export function configJsonSchema(defaultYaml: string): object {
  const contents = parseDocument(defaultYaml).contents;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Seamline configuration',
    ...sectionSchema(AppConfig, isMap(contents) ? contents : undefined),
  };
}

function sectionSchema(section: Section, map: YAMLMap | undefined): object {
  const defaults = new section() as Readonly<Record<string, unknown>>;
  const properties = [...settingsOf(section)].map(([name, setting]) => {
    const pair = map?.items.find((item) => isScalar(item.key) && item.key.value === name);
    // YAML gives the comment above a section's first key to the section's value.
    const comment = isScalar(pair?.key) ? (pair.key.commentBefore ?? map?.commentBefore) : undefined;
    const description = commentOf(comment);
    const about = description === undefined ? {} : { description };
    if (setting.section !== undefined) {
      return [name, { ...about, ...sectionSchema(setting.section, isMap(pair?.value) ? pair.value : undefined) }];
    }
    const own =
      setting.listOf === undefined
        ? { ...setting.schema, default: defaults[name] }
        : { type: 'array', items: sectionSchema(setting.listOf, undefined), default: [] };
    return [name, { ...about, ...own }];
  });
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) as object };
}

function commentOf(comment: string | null | undefined): string | undefined {
  // A blank line separates what belongs to the file from what belongs to the key.
  const own = comment?.split('\n\n').at(-1);
  return own?.replace(/\s*\n\s*/g, ' ').trim();
}
