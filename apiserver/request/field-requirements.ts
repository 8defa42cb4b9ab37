/** The grammar of field selectors: `spec.nodeName=a,status.phase!=Failed`. Which fields there are, kinds say. Texts are upstream's. */

import { badRequest } from '../../api/status-error.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly isNegated: boolean;
  readonly value: string;
}

/** Throws BadRequest. */
export function parseFieldRequirements(text: string): FieldRequirement[] {
  return splitTerms(text)
    .filter((term) => term !== '')
    .map((term) => parseTerm(term, text));
}

/** The value that whatever is selected has there: there may be other requirements beside it. */
export function exactValue(requirements: readonly FieldRequirement[], field: string): string | undefined {
  return requirements.find((one) => one.field === field && !one.isNegated)?.value;
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
