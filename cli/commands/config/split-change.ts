/** Which of several kubeconfig files a changed context is written to. Pure. */

import { equalJson, type JsonRecord } from '../../../api/json-record.ts';
import { entriesOf, type KubeconfigFileContent } from '../../../client/merged-kubeconfig.ts';

/** The files that change. An entry stays in the first file that has it, as the current context does; a new one is the first file's. */
export function splitChange(
  files: readonly KubeconfigFileContent[],
  before: JsonRecord,
  after: JsonRecord,
): KubeconfigFileContent[] {
  const [first] = files;
  const wanted = entriesOf(after, 'contexts');
  const known = new Set(entriesOf(before, 'contexts').map(({ name }) => name));
  const added = wanted.filter(({ name }) => !known.has(name));
  const pointer = files.find(({ root }) => isNamed(root['current-context'])) ?? first;
  const current = after['current-context'];
  const owned = new Set<unknown>();
  return files.flatMap((file) => {
    const contexts = entriesOf(file.root, 'contexts').flatMap((entry) => {
      if (owned.has(entry.name)) return [entry];
      owned.add(entry.name);
      return wanted.filter(({ name }) => name === entry.name);
    });
    const root = {
      ...file.root,
      contexts: file === first ? [...contexts, ...added] : contexts,
      ...(file === pointer && current !== before['current-context'] && { 'current-context': current }),
    };
    return equalJson(root, file.root) ? [] : [{ path: file.path, root }];
  });
}

const isNamed = (value: unknown): boolean => typeof value === 'string' && value !== '';
