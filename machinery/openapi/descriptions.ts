/**
 * What fields mean, in sentences, for `explain`. The facts have none, so they are taken from the doc comments of the
 * kubernetes-types package, of which nothing else is used. It is older than the API served here: what came after 1.30
 * is explained without a sentence. (The models of @kubernetes/client-node are newer, but say nothing of the fields that
 * refer to another type, a quarter of all.) The build writes them into one data file (`build-descriptions.ts`), a
 * checkout that was never built reads the package.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';

/** By definition; the sentence about the definition itself stands under `""`. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

export const descriptionsFile = join(packageRoot, 'dist/descriptions.json');
const typesFolder = join(packageRoot, 'node_modules/kubernetes-types');

let lastRead: WeakRef<Descriptions> | undefined;

/** Not kept when memory is short: documents are made seldom, though often several at a time, and the sentences are large. */
export function readDescriptions(): Descriptions {
  const known = lastRead?.deref();
  if (known !== undefined) return known;
  const read = readFiles();
  lastRead = new WeakRef(read);
  return read;
}

function readFiles(): Descriptions {
  // The build has written it, of the same types.
  if (existsSync(descriptionsFile)) return JSON.parse(readFileSync(descriptionsFile, 'utf8')) as Descriptions;
  return existsSync(typesFolder) ? descriptionsOfTypes() : {};
}

/** From the declaration files of the types package. */
export function descriptionsOfTypes(): Descriptions {
  const files = readdirSync(typesFolder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.d.ts'),
  );
  return Object.fromEntries(
    files.flatMap((name) => descriptionsOfFile(name, readFileSync(join(typesFolder, name), 'utf8'))),
  );
}

function descriptionsOfFile(file: string, text: string): [string, Record<string, string>][] {
  const prefix = definitionPrefix(file);
  return [...text.matchAll(declaration)].map(([, comment = '', name = '', body = '']) => {
    const sentences: Record<string, string> = {};
    for (const [, fieldComment = '', quoted, plain] of body.matchAll(member)) {
      if (fieldComment !== '') sentences[quoted ?? plain ?? ''] = plainText(fieldComment);
    }
    if (comment !== '') sentences[''] = plainText(comment);
    return [`${prefix}.${name}`, sentences];
  });
}

const comment = String.raw`(?:\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*)?`;
const declaration = new RegExp(
  String.raw`${comment}export (?:interface|type|declare type) (\w+)(?: \{\n([\s\S]*?)^\})?`,
  'gm',
);
const member = new RegExp(String.raw`${comment}^ {4}(?:"([^"]+)"|([\w$]+))\??:`, 'gm');

/** `core/v1.d.ts` → `io.k8s.api.core.v1` */
function definitionPrefix(file: string): string {
  const path = file
    .replace(/\.d\.ts$/, '')
    .replaceAll('\\', '.')
    .replaceAll('/', '.');
  if (path.startsWith('meta.')) return `io.k8s.apimachinery.pkg.apis.${path}`;
  if (path.startsWith('apiextensions.')) return `io.k8s.apiextensions-apiserver.pkg.apis.${path}`;
  if (/^(runtime|version|api\.resource)$/.test(path)) return `io.k8s.apimachinery.pkg.${path}`;
  return `io.k8s.api.${path}`;
}

/** The comment without its stars. */
function plainText(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim();
}
