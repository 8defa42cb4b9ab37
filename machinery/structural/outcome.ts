/**
 * What a check of a value found: what is wrong, each thing once, and how much was right. Of several alternatives the one
 * of which most was right is the one whose mistakes are told.
 */

import { type FieldErrors, FieldPath } from '../field-errors.ts';
import { Effort } from './effort.ts';

/** A mistake. Where it is of a kind that API clients tell apart, `kind` says so. */
export interface Issue {
  readonly kind: 'required' | 'unsupported' | 'tooLong' | 'tooMany' | 'type' | 'invalid' | 'unplaced';
  /** `spec.list[0]`; nothing where the mistake has no place of its own. */
  readonly path: string;
  readonly value?: unknown;
  /** The whole sentence: `spec.a in body should be at least 2 chars long`. */
  readonly message: string;
  /** What is allowed: values, or a number. */
  readonly allowed?: readonly unknown[] | number;
}

/** More are not told to anybody. */
const maxIssues = 1000;

export class Outcome {
  readonly issues: Issue[] = [];
  /** Checks that a value passed. */
  matches = 0;
  /** What finding it takes. */
  readonly effort: Effort;
  #known: Set<string> | undefined;

  constructor(effort = new Effort()) {
    this.effort = effort;
  }

  get isValid(): boolean {
    return this.issues.length === 0;
  }

  add(issue: Issue): void {
    this.#known ??= new Set();
    if (this.issues.length >= maxIssues || this.#known.has(issue.message)) return;
    this.#known.add(issue.message);
    this.issues.push(issue);
  }

  /** The first `count` stay. */
  forgetAfter(count: number): void {
    for (const { message } of this.issues.splice(count)) this.#known?.delete(message);
  }

  merge(other: Outcome): void {
    this.matches += other.matches;
    for (const issue of other.issues) this.add(issue);
  }
}

/** What has no place at all, as Go prints it. */
export const nowhere = FieldPath.of('<nil>');

/** Tells all of it, below `base` (undefined: the object itself). */
export function reportIssues(issues: readonly Issue[], base: FieldPath | undefined, errors: FieldErrors): void {
  for (const issue of issues) report(issue, base, errors);
}

function report(issue: Issue, base: FieldPath | undefined, errors: FieldErrors): void {
  const path = pathOf(issue.path, base);
  const { kind, value = '', message, allowed } = issue;
  switch (kind) {
    case 'required':
      errors.required(path);
      break;
    case 'unsupported':
      errors.notSupported(path, issue.value, textsOf(allowed));
      break;
    case 'tooLong':
      errors.tooLong(path, Number(allowed));
      break;
    case 'tooMany':
      errors.tooMany(path, Number(value), Number(allowed));
      break;
    case 'type':
      errors.typeInvalid(path, value, message);
      break;
    case 'invalid':
      errors.invalid(path, value, message);
      break;
    case 'unplaced':
      errors.invalid(base ?? nowhere, '', message);
      break;
  }
}

function pathOf(path: string, base: FieldPath | undefined): FieldPath {
  const name = path.startsWith('.') ? path.slice(1) : path;
  if (name === '') return base ?? nowhere;
  return (base ?? FieldPath.root).child(name);
}

const textsOf = (allowed: Issue['allowed']): string[] =>
  Array.isArray(allowed) ? allowed.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))) : [];
