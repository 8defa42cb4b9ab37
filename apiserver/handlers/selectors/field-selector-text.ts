/** The field selectors of requests: `spec.nodeName=a,status.phase!=Failed`. Grammar and error texts are upstream's. */

import { badRequest } from '../../../api/status-error.ts';
import type { Kind } from '../../../kinds/kind.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly isNegated: boolean;
  readonly value: string;
}

/** Throws BadRequest, also for fields that cannot be selected by. */
export function parseFieldSelector(text: string, kind: Kind): FieldRequirement[] {
  const requirements = splitTerms(text)
    .filter((term) => term !== '')
    .map((term) => parseTerm(term, text));
  for (const { field } of requirements) checkField(field, kind);
  return requirements;
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  let isEscaped = false;
  for (let at = 0; at < text.length; at += 1) {
    if (isEscaped) isEscaped = false;
    else if (text[at] === '\\') isEscaped = true;
    else if (text[at] === ',') {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...terms, text.slice(start)];
}

function parseTerm(term: string, selector: string): FieldRequirement {
  const operator = /!=|==|=/.exec(term);
  if (operator === null) throw badRequest(`invalid selector: '${selector}'; can't understand '${term}'`);
  return {
    field: term.slice(0, operator.index),
    isNegated: operator[0] === '!=',
    value: unescapeValue(term.slice(operator.index + operator[0].length)),
  };
}

function unescapeValue(text: string): string {
  let value = '';
  let isEscaped = false;
  for (const char of text) {
    if (isEscaped) {
      if (!'\\,='.includes(char)) throw badRequest(`invalid field selector: invalid escape sequence: \\${char}`);
      value += char;
      isEscaped = false;
    } else if (char === '\\') isEscaped = true;
    else if (char === ',' || char === '=')
      throw badRequest(`invalid field selector: unescaped character in value: ${char.charCodeAt(0)}`);
    else value += char;
  }
  if (isEscaped) throw badRequest('invalid field selector: invalid escape sequence: \\');
  return value;
}

function checkField(field: string, kind: Kind): void {
  if (field === 'metadata.name') return;
  const hasOwnFields = kind.selectableFields.length > 0;
  if (field === 'metadata.namespace' && (kind.namespaced || !hasOwnFields)) return;
  if (kind.selectableFields.some(({ name }) => name === field)) return;
  if (!hasOwnFields) {
    throw badRequest(
      `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  if (kind.group === 'batch') throw badRequest(`field label ${JSON.stringify(field)} not supported for ${kind.kind}`);
  throw badRequest(`field label not supported: ${field}`);
}
