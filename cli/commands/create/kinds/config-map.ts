/** `create configmap NAME` from files, literals and files of variables. */

import { configMaps } from '../../../../api/resources/core.ts';
import type { ConfigMap } from '../../../../api/types/core/v1.ts';
import { isSet } from '../../../arguments.ts';
import { hashOf } from '../content-hash.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { readContent } from '../file-content.ts';
import { nameIn } from '../words.ts';

export async function make({ words, args }: CreateInput): Promise<Wanted> {
  const name = nameIn(words);
  const [data, binaryData]: Record<string, string>[] = [{}, {}];
  for (const [key, content] of await readContent(args)) {
    const text = textOrUndefined(content);
    if (text === undefined) Object.assign(binaryData ?? {}, { [key]: content.toString('base64') });
    else Object.assign(data ?? {}, { [key]: text });
  }
  const object: ConfigMap = {
    ...(Object.keys(data ?? {}).length > 0 && { data }),
    ...(Object.keys(binaryData ?? {}).length > 0 && { binaryData }),
  };
  const suffix = isSet(args, 'append-hash') ? `-${hashOf('ConfigMap', { name, ...object })}` : '';
  return { kind: configMaps, object: { ...object, metadata: { name: name + suffix } } };
}

function textOrUndefined(content: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}
