/**
 * Parses kubectl's JSONPath templates: text with `{…}`, in which there are paths from the object (`.items[*].metadata.name`),
 * `range PATH` … `end`, and quoted text. https://kubernetes.io/docs/reference/kubectl/jsonpath/ Pure.
 */

import { UserError } from '../../../base/user-error.ts';

export type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'all' }
  | { readonly type: 'descend' }
  | { readonly type: 'root' }
  | { readonly type: 'slice'; readonly from?: number; readonly to?: number; readonly step: number }
  | { readonly type: 'index'; readonly at: number }
  | { readonly type: 'union'; readonly members: readonly Step[] }
  | { readonly type: 'filter'; readonly left: Operand; readonly operator: string; readonly right: Operand | undefined };

export type Operand = { readonly path: readonly Step[] } | { readonly literal: string | number | boolean };

export type Part =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'path'; readonly steps: readonly Step[] }
  | { readonly type: 'range'; readonly steps: readonly Step[]; readonly body: readonly Part[] };

export function parseTemplate(template: string): Part[] {
  const frames: { steps: readonly Step[]; body: Part[] }[] = [];
  const top: Part[] = [];
  const body = () => frames.at(-1)?.body ?? top;
  for (const { text, isAction } of piecesOf(template)) {
    if (!isAction) body().push({ type: 'text', text });
    else if (/^range[\s.[]/.test(text)) frames.push({ steps: parsePath(text.slice(5).trim()), body: [] });
    else if (text === 'end') {
      const frame = frames.pop();
      if (frame === undefined) throw malformed(template, 'end without range');
      body().push({ type: 'range', ...frame });
    } else body().push(...wordsOf(text).map(parseWord));
  }
  if (frames.length > 0) throw malformed(template, 'range without end');
  return top;
}

/** `.spec.replicas`, `spec.replicas` or `{.spec.replicas}`: one path, as `wait`, `--sort-by` and columns have it. */
export function parseRelaxedPath(text: string): readonly Step[] {
  const inner = /^\{(.*)\}$/s.exec(text.trim())?.[1] ?? text.trim();
  if (inner === '' || /[{}]/.test(inner.replace(/'[^']*'|"[^"]*"/g, '')))
    throw malformed(text, 'expected a path such as .spec.replicas');
  return parsePath(/^[.[$@]/.test(inner) ? inner : `.${inner}`);
}

/** As Go's `%#U`. */
function goCharacterText(text: string): string {
  const [character = ''] = text;
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `U+${code} '${character}'`;
}

function malformed(text: string, why: string): UserError {
  return new UserError(`error: error parsing jsonpath ${text}, ${why}`);
}

function* piecesOf(template: string): Generator<{ text: string; isAction: boolean }> {
  let rest = template;
  while (rest !== '') {
    const open = rest.indexOf('{');
    if (open !== 0) yield { text: open < 0 ? rest : rest.slice(0, open), isAction: false };
    if (open < 0) return;
    const action = /^\{((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^"'}])*)\}/.exec(rest.slice(open));
    if (action === null) throw malformed(template, 'unclosed action');
    yield { text: (action[1] ?? '').trim(), isAction: true };
    rest = rest.slice(open + action[0].length);
  }
}

/** Paths and texts of one action, which blanks outside brackets part. */
const wordsOf = (action: string): string[] =>
  action.match(/(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\[(?:"[^"]*"|'[^']*'|[^\]])*\]|\\.|[^\s"'])+/g) ?? [];

function parseWord(word: string): Part {
  if (/^["']/.test(word)) return { type: 'text', text: unquote(word) };
  return { type: 'path', steps: parsePath(word) };
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
const unquote = (word: string): string =>
  word.slice(1, -1).replace(/\\(.)/gs, (_, letter: string) => escapes[letter] ?? letter);

const bracket = /^\[((?:"[^"]*"|'[^']*'|[^\]"'])*)\]/;

function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const match = pattern.exec(rest);
    if (match !== null) rest = rest.slice(match[0].length);
    return match ?? undefined;
  };
  if (take(/^\$/)) steps.push({ type: 'root' });
  else take(/^@/);
  while (rest !== '') {
    const inside = take(bracket)?.[1];
    if (inside !== undefined) steps.push(parseBracket(inside.trim(), path));
    else if (take(/^\.\.(?=[^.])/)) {
      steps.push({ type: 'descend' });
      if (!rest.startsWith('[')) rest = `.${rest}`;
    } else if (take(/^\.\*/)) steps.push({ type: 'all' });
    else if (take(/^\.(?=$|\[)/)) continue;
    else {
      const name = take(/^\.((?:\\.|[^.[\]\s(){}])+)/)?.[1];
      if (name === undefined) throw malformed(path, `unrecognized character in action: ${goCharacterText(rest)}`);
      steps.push({ type: 'field', name: name.replace(/\\(.)/g, '$1') });
    }
  }
  return steps;
}

function parseBracket(inside: string, path: string): Step {
  const filter = /^\?\((.*)\)$/s.exec(inside)?.[1];
  if (filter !== undefined) return parseFilter(filter.trim(), path);
  const members = inside.match(/(?:"[^"]*"|'[^']*'|[^,"'])+/g) ?? [];
  if (members.length > 1) return { type: 'union', members: members.map((one) => parseMember(one.trim(), path)) };
  return parseMember(inside, path);
}

function parseMember(text: string, path: string): Step {
  if (text === '*') return { type: 'all' };
  if (/^(['"]).*\1$/.test(text)) return { type: 'field', name: text.slice(1, -1) };
  if (/^-?\d+$/.test(text)) return { type: 'index', at: Number(text) };
  const slice = /^(-?\d*):(-?\d*)(?::(-?\d*))?$/.exec(text);
  if (slice === null) throw malformed(path, `invalid array index ${text}`);
  const [, from = '', to = '', step = ''] = slice;
  return {
    type: 'slice',
    ...(from !== '' && { from: Number(from) }),
    ...(to !== '' && { to: Number(to) }),
    step: step === '' ? 1 : Number(step),
  };
}

function parseFilter(text: string, path: string): Step {
  const found = /^((?:"[^"]*"|'[^']*'|[^"'=!<>])+?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+))?$/s.exec(text);
  if (found === null) throw malformed(path, `cannot read the filter ${text}`);
  const [, left = '', operator = 'exists', right] = found;
  return {
    type: 'filter',
    left: parseOperand(left.trim(), path),
    operator,
    right: right === undefined ? undefined : parseOperand(right.trim(), path),
  };
}

function parseOperand(text: string, path: string): Operand {
  if (/^[@$.]/.test(text)) return { path: parsePath(text) };
  if (/^(['"]).*\1$/s.test(text)) return { literal: unquote(text) };
  if (text === 'true' || text === 'false') return { literal: text === 'true' };
  if (text !== '' && Number.isFinite(Number(text))) return { literal: Number(text) };
  throw malformed(path, `cannot read ${text}`);
}
