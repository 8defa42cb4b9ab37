/** Fields with their types, as people read them. Pure. */

import type { JsonRecord } from '../../../api/json-record.ts';
import { compareKeys } from '../../../base/compare.ts';
import type { Schemas } from './schema.ts';

/** Lines of at most `width` characters, each with the indent; paragraphs stay. */
export function wrap(text: string, width: number, indent: string): string {
  return text
    .split('\n')
    .flatMap((paragraph) => linesOf(paragraph, width))
    .map((line) => `${indent}${line}`.trimEnd())
    .map((line) => `${line === '' ? indent : line}\n`)
    .join('');
}

function linesOf(paragraph: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

export function renderFields(schemas: Schemas, schema: JsonRecord, recursive: boolean): string {
  const texts = fieldsOf(schemas, schema, { recursive, indent: '  ', above: [] });
  return recursive ? texts.join('') : texts.map((text) => `${text}\n`).join('');
}

interface Level {
  readonly recursive: boolean;
  readonly indent: string;
  /** Types around it: some hold themselves. */
  readonly above: readonly string[];
}

function fieldsOf(schemas: Schemas, schema: JsonRecord, { recursive, indent, above }: Level): string[] {
  const { required } = schemas.inside(schema);
  const isRequired = (name: string) => Array.isArray(required) && required.includes(name);
  return schemas
    .fieldsOf(schema)
    .sort(compareKeys)
    .map(([name, field]) => {
      const type = schemas.typeOf(field);
      const choices = schemas.resolve(field).enum;
      const head = `${indent}${name}\t<${type}>${isRequired(name) ? ' -required-' : ''}\n`;
      const shown = Array.isArray(choices)
        ? `${indent}enum: ${choices.slice(0, 4).map(String).join(', ')}${choices.length > 4 ? ', ....' : ''}\n`
        : '';
      if (!recursive)
        return head + shown + wrap(String(schemas.resolve(field).description ?? '<no description>'), 76, `${indent}  `);
      if (above.includes(type)) return head + shown;
      return (
        head + shown + fieldsOf(schemas, field, { recursive, indent: `${indent}  `, above: [...above, type] }).join('')
      );
    });
}
