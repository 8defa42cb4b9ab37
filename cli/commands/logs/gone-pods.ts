/** Pods that are gone, whose logs their nodes have kept. */

import { isRecord } from '../../../api/json-record.ts';
import { pods } from '../../../api/resources/core.ts';
import { chunksOf } from '../../../base/chunks.ts';
import { collectionPath, queryString } from '../../../client/resource-path.ts';
import type { CommandContext } from '../../command-context.ts';

export interface GonePod {
  readonly name: string;
  readonly uid: string;
  readonly nodeName: string;
  readonly containers: readonly string[];
}

/** Of all of them the ones that went last. */
const mostPods = 20;

/** None where the server knows nothing of it. Newest first. */
export async function findGonePods(
  context: CommandContext,
  labelSelector: string,
  isWanted: (pod: GonePod) => boolean = () => true,
): Promise<GonePod[]> {
  const client = await context.client();
  const namespace = await context.oneNamespace();
  // `*` stands for all: see the API server's pods/log.
  const path = `${collectionPath(pods, namespace)}/*/log${queryString({ gone: true, labelSelector })}`;
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of chunksOf(await client.stream(path, context.signal))) chunks.push(chunk);
    return readGonePods(JSON.parse(Buffer.concat(chunks).toString()))
      .filter(isWanted)
      .slice(0, mostPods);
  } catch {
    return []; // another server, or one whose nodes cannot be asked: what is there is printed
  }
}

export function readGonePods(value: unknown): GonePod[] {
  const items: unknown = isRecord(value) ? value.items : undefined;
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown) => {
    if (!isRecord(item) || !Array.isArray(item.logs)) return [];
    const { name, uid, nodeName } = item;
    if (typeof name !== 'string' || typeof uid !== 'string' || typeof nodeName !== 'string') return [];
    const containers = item.logs.flatMap((log: unknown) =>
      isRecord(log) && typeof log.container === 'string' ? [log.container] : [],
    );
    return [{ name, uid, nodeName, containers: [...new Set(containers)] }];
  });
}
