/**
 * What a conversion webhook has answered, held against what it was asked: in upstream's words where it is no answer. An
 * object keeps its metadata but for labels and annotations, whatever the webhook says of them. What is long is read in
 * turns, and told as far as anybody reads it.
 */

import { goQuote } from '../../api/go-text.ts';
import { isRecord, type JsonRecord, own } from '../../api/json-record.ts';
import type { Stored } from '../../api/object.ts';
import { whyTooManyValues } from '../../api/object-size.ts';
import { toldText } from '../../base/cut-text.ts';
import { Turns } from '../../base/turns.ts';
import { checkLabels } from './converted-labels.ts';

export interface ConversionAsked {
  readonly reviewVersion: string;
  readonly uid: string;
  readonly apiVersion: string;
  readonly objects: readonly Stored[];
}

/** What is wrong with an answer. */
export class ConversionProblem extends Error {
  override readonly name = 'ConversionProblem';

  constructor(message: string) {
    super(toldText(message));
  }
}

/** The objects that were asked for, in their order. Rejects with a ConversionProblem. */
export async function readConversion(answer: unknown, asked: ConversionAsked): Promise<Stored[]> {
  const converted = convertedOf(answer, asked);
  const { objects } = asked;
  if (converted.length !== objects.length)
    throw new ConversionProblem(`returned ${converted.length} objects, expected ${objects.length}`);
  const turns = new Turns();
  const read: Stored[] = [];
  for (const [index, original] of objects.entries()) {
    read.push(await readObject(original, converted[index], { index, asked, turns }));
    await turns.pause();
  }
  return read;
}

function convertedOf(answer: unknown, { reviewVersion, uid }: ConversionAsked): readonly unknown[] {
  const review = isRecord(answer) ? answer : {};
  const response = isRecord(review.response) ? review.response : undefined;
  if (reviewVersion === 'v1') {
    const expected = 'apiextensions.k8s.io/v1, Kind=ConversionReview';
    const got = `${textOf(review.apiVersion)}, Kind=${textOf(review.kind)}`;
    if (got !== expected) throw failed(`expected webhook response of ${expected}, got ${got}`);
  }
  if (response === undefined) throw failed('no response provided');
  if (reviewVersion === 'v1' && textOf(response.uid) !== uid)
    throw failed(`expected response.uid=${goQuote(uid)}, got ${goQuote(toldText(textOf(response.uid)))}`);
  const result = isRecord(response.result) ? response.result : {};
  const status = textOf(result.status);
  if (status !== 'Success')
    throw failed(textOf(result.message) || `response.result.status was '${status}', not 'Success'`);
  return Array.isArray(response.convertedObjects) ? response.convertedObjects : [];
}

const failed = (why: string): ConversionProblem => new ConversionProblem(`failed: ${why}`);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

interface Place {
  readonly index: number;
  readonly asked: ConversionAsked;
  readonly turns: Turns;
}

async function readObject(original: Stored, converted: unknown, { index, asked, turns }: Place): Promise<Stored> {
  const isOne = asked.objects.length === 1;
  const invalid = (why: string) =>
    new ConversionProblem(`returned invalid ${isOne ? 'object' : 'converted object'} at index ${index}: ${why}`);
  if (!isRecord(converted)) throw invalid("Object 'Kind' is missing");
  const { apiVersion } = asked;
  if (converted.apiVersion !== apiVersion)
    throw invalid(`invalid groupVersion (expected ${apiVersion}, received ${textOf(converted.apiVersion)})`);
  if (converted.kind !== original.kind)
    throw invalid(`invalid kind (expected ${original.kind}, received ${textOf(converted.kind)})`);
  const difference = differenceOf(original, converted);
  if (difference !== undefined)
    throw isOne ? new ConversionProblem(`returned invalid object: ${difference}`) : invalid(difference);
  const tooLarge = whyTooManyValues(converted);
  if (tooLarge !== undefined) throw invalid(tooLarge);
  const refuse = (why: string) => {
    const where = isOne ? '' : ` in object at index ${index}`;
    return new ConversionProblem(`returned invalid metadata${where}: ${why}`);
  };
  const metadata = await restoredMetadata(original, converted, { refuse, turns });
  return { ...converted, apiVersion, kind: original.kind, metadata };
}

/** What names the object stays. */
function differenceOf(original: Stored, { metadata }: JsonRecord): string | undefined {
  const after = isRecord(metadata) ? metadata : {};
  for (const [field, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [before, now] = [original.metadata[field] ?? '', textOf(after[field])];
    if (before !== now) return `must have the same ${name}: ${before} != ${now}`;
  }
  return undefined;
}

interface Reading {
  refuse(why: string): Error;
  readonly turns: Turns;
}

async function restoredMetadata(
  { metadata }: Stored,
  converted: JsonRecord,
  { refuse, turns }: Reading,
): Promise<Stored['metadata']> {
  const after = converted.metadata;
  if (after === undefined) throw refuse('missing metadata in converted object');
  if (!isRecord(after)) throw refuse(`invalid metadata of type ${goTypeOf(after)} in converted object`);
  const { labels: _labels, annotations: _annotations, ...kept } = metadata;
  const restored: Stored['metadata'] = { ...kept };
  for (const field of ['labels', 'annotations'] as const) {
    const value = own(after, field);
    if (value === undefined || value === null) continue;
    await turns.pause();
    const texts = textsOf(value, field, refuse);
    const problem = await checkLabels(field, texts, { before: metadata[field] ?? {}, turns });
    if (problem !== undefined) throw refuse(problem);
    restored[field] = texts;
  }
  return restored;
}

function textsOf(
  value: unknown,
  field: 'labels' | 'annotations',
  refuse: (why: string) => Error,
): Record<string, string> {
  if (!isRecord(value)) throw refuse(`invalid metadata.${field} of type ${goTypeOf(value)} in converted object`);
  const texts: Record<string, string> = {};
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string')
      throw refuse(`metadata.${field}[${key}] must be a string, but is ${goTypeOf(text)} in converted object`);
    texts[key] = text;
  }
  return texts;
}

function goTypeOf(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (value === null) return '<nil>';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}
