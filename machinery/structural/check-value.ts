/**
 * Whether a value is one of its schema, in the words and the order of kube-openapi's validator: its type, its junctors,
 * texts, formats, numbers, items, enumerations, members. Where it was the same before, its mistakes are passed over.
 */

import { equalJson, isRecord, type JsonRecord } from '../../api/json-record.ts';
import { matchesPattern, patternWork } from '../patterns.ts';
import { checkJunctors, type Subject } from './check-junctors.ts';
import { checkNumber } from './check-number.ts';
import { isWhole, typeOfValue } from './json-type.ts';
import type { Outcome } from './outcome.ts';
import type { ListRules, ObjectRules, TextRules, ValueSchema } from './value-schema.ts';

/** Adds to `outcome` what is wrong with the value and was not before. */
export function checkValue(schema: ValueSchema, subject: Subject, outcome: Outcome): void {
  outcome.effort.spend(1);
  const known = outcome.issues.length;
  checkAlone(schema, subject, outcome);
  if (outcome.issues.length > known && subject.correlation?.isUnchanged) outcome.forgetAfter(known);
}

function checkAlone(schema: ValueSchema, subject: Subject, outcome: Outcome): void {
  const { value, path } = subject;
  if (value === null) {
    checkNull(schema, path, outcome);
    return;
  }
  if (schema.types.length > 0 || schema.format !== '') {
    if (checkType(schema, value, path, outcome)) outcome.matches += 1;
    outcome.matches += 1;
  }
  if (schema.junctors !== undefined) checkJunctors(schema.junctors, subject, outcome, checkValue);
  outcome.matches += 2;
  if (typeof value === 'string') checkText(schema, value, path, outcome);
  else if (typeof value === 'number') outcome.matches += checkNumber(schema.number, value, path, outcome);
  else if (Array.isArray(value)) checkList(schema.list, value, subject, outcome);
  if (schema.enum !== undefined) checkEnum(schema.enum, value, path, outcome);
  outcome.matches += 1;
  if (isRecord(value)) checkObject(schema.object, value, subject, outcome);
  outcome.matches += 1;
}

function checkNull(schema: ValueSchema, path: string, outcome: Outcome): void {
  if (schema.types.length > 0 && !schema.isNullable) wrongType(path, schema.types.join(','), 'null', outcome);
  else outcome.matches += 1;
  // A null among the values of an enumeration is not looked at.
  if (schema.enum !== undefined) unsupported(schema.enum, null, path, outcome);
}

function wrongType(path: string, type: string, found: string, outcome: Outcome): void {
  outcome.add({ kind: 'type', path, value: found, message: `${path} in body must be of type ${type}: "${found}"` });
}

/** What kube-openapi calls the formats of values as it reads them. */
const readFormats: Readonly<Record<string, string>> = { integer: 'int64', number: 'float64' };

function checkType({ types, format }: ValueSchema, value: unknown, path: string, outcome: Outcome): boolean {
  const found = typeOfValue(value);
  const hasNumbers = types.includes('number') || types.includes('integer');
  const fits =
    types.includes(found) ||
    (found === 'integer' && types.includes('number')) ||
    (typeof value === 'number' && types.includes('integer') && isWhole(value));
  const isText = typeof value === 'string' || Array.isArray(value);
  if (format !== '' && !isText && !fits && readFormats[found] !== format) {
    wrongType(path, format, readFormats[found] ?? '', outcome);
    return false;
  }
  if (fits || (format !== '' && isText && !hasNumbers)) return true;
  wrongType(path, types.join(','), found, outcome);
  return false;
}

function checkText(schema: ValueSchema, text: string, path: string, outcome: Outcome): void {
  if (schema.text !== undefined) checkTextRules(schema.text, text, path, outcome);
  outcome.matches += 1;
  if (schema.hasFormat === undefined) return;
  outcome.matches += 1;
  if (schema.hasFormat(text)) return;
  const message = `${path} in body must be of type ${schema.format}: ${JSON.stringify(text)}`;
  outcome.add({ kind: 'type', path, value: text, message });
}

/** Only the first of these is told. */
function checkTextRules({ minLength, maxLength, pattern }: TextRules, value: string, path: string, outcome: Outcome) {
  if (maxLength !== undefined && isLonger(value, maxLength)) {
    const message = `${path} in body should be at most ${maxLength} chars long`;
    outcome.add({ kind: 'tooLong', path, value, message, allowed: maxLength });
  } else if (minLength !== undefined && minLength > 0 && !isLonger(value, minLength - 1)) {
    outcome.add({
      kind: 'invalid',
      path,
      value,
      message: `${path} in body should be at least ${minLength} chars long`,
    });
  } else if (pattern !== '') {
    outcome.effort.work(patternWork(pattern, value));
    if (matchesPattern(pattern, value)) return;
    outcome.add({ kind: 'invalid', path, value, message: `${path} in body should match '${pattern}'` });
  }
}

/** In code points, of which nobody has more than there are units. */
function isLonger(text: string, length: number): boolean {
  if (text.length <= length) return false;
  if (text.length > 2 * length) return true;
  let count = 0;
  for (const _ of text) count += 1;
  return count > length;
}

function checkList(rules: ListRules, list: readonly unknown[], { path, correlation }: Subject, outcome: Outcome): void {
  const { items, minItems, maxItems } = rules;
  if (items !== undefined) {
    for (const [index, value] of list.entries())
      checkValue(items, { value, path: `${path}[${index}]`, correlation: correlation?.index(index) }, outcome);
  }
  const value = list.length;
  if (minItems !== undefined && value < minItems)
    outcome.add({ kind: 'invalid', path, value, message: `${path} in body should have at least ${minItems} items` });
  if (maxItems !== undefined && value > maxItems) {
    const message = `${path} in body should have at most ${maxItems} items`;
    outcome.add({ kind: 'tooMany', path, value, message, allowed: maxItems });
  }
  outcome.matches += 2;
}

function checkEnum(values: readonly unknown[], value: unknown, path: string, outcome: Outcome): void {
  outcome.effort.work(values.length);
  if (!values.some((one) => isChoice(value, one))) unsupported(values, value, path, outcome);
}

/** A fraction is taken for the whole number that Go makes of it. */
const isChoice = (value: unknown, one: unknown): boolean =>
  equalJson(value, one) ||
  (typeof value === 'number' && typeof one === 'number' && Number.isInteger(one) && Math.trunc(value) === one);

function unsupported(values: readonly unknown[], value: unknown, path: string, outcome: Outcome): void {
  const message = `${path} in body should be one of ${JSON.stringify(values)}`;
  outcome.add({ kind: 'unsupported', path, value, message, allowed: values });
}

function checkObject(rules: ObjectRules, object: JsonRecord, subject: Subject, outcome: Outcome): void {
  const { properties, additional, required, minProperties, maxProperties } = rules;
  const { path } = subject;
  if (minProperties !== undefined || maxProperties !== undefined) checkSize(rules, object, path, outcome);
  if (additional !== undefined) checkAdditional(rules, object, subject, outcome);
  for (const [name, property] of properties) {
    if (Object.hasOwn(object, name))
      checkMember(property, name, object, { subject, at: path === '' ? name : `${path}.${name}` }, outcome);
  }
  for (const name of required) {
    if (Object.hasOwn(object, name)) continue;
    const at = `${path}.${name}`;
    outcome.add({ kind: 'required', path: at, message: `${at} in body is required` });
  }
}

function checkSize({ minProperties, maxProperties }: ObjectRules, object: JsonRecord, path: string, outcome: Outcome) {
  const value = Object.keys(object).length;
  if (minProperties !== undefined && value < minProperties) {
    const message = `${path} in body should have at least ${minProperties} properties`;
    outcome.add({ kind: 'invalid', path, value, message });
  }
  if (maxProperties !== undefined && value > maxProperties) {
    const message = `${path} in body should have at most ${maxProperties} properties`;
    outcome.add({ kind: 'tooMany', path, value, message, allowed: maxProperties });
  }
}

function checkAdditional(rules: ObjectRules, object: JsonRecord, subject: Subject, outcome: Outcome): void {
  const { properties, additional } = rules;
  const { path } = subject;
  for (const name of Object.keys(object)) {
    if (properties.has(name)) continue;
    const at = `${path}.${name}`;
    if (additional === 'forbidden')
      outcome.add({ kind: 'invalid', path, value: name, message: `${at} in body is a forbidden property` });
    else if (additional !== undefined) checkMember(additional, name, object, { subject, at }, outcome);
  }
}

function checkMember(
  schema: ValueSchema,
  name: string,
  object: JsonRecord,
  { subject, at }: { readonly subject: Subject; readonly at: string },
  outcome: Outcome,
): void {
  // These are what the request says, whatever was stored: nobody could have changed them.
  const isTypeMeta = subject.path === '' && (name === 'apiVersion' || name === 'kind');
  const correlation = isTypeMeta ? undefined : subject.correlation?.key(name);
  checkValue(schema, { value: object[name], path: at, correlation }, outcome);
}
