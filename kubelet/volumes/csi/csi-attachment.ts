/** Waits until a volume is attached to this node: others make and keep the VolumeAttachment, the kubelet only reads it. */

import { volumeAttachments } from '../../../api/resources/storage.ts';
import type { VolumeAttachment } from '../../../api/types/storage/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Reader } from '../../../client/client.ts';
import { ifPresent } from '../../../client/if-present.ts';

export interface AttachmentWait {
  readonly client: Pick<Reader, 'get'>;
  readonly clock: Clock;
  /** Of the VolumeAttachment. */
  readonly name: string;
  readonly volumeName: string;
}

const lookEveryMs = 500;
/** Then it is tried again, and users have read an event meanwhile. */
const patienceMs = 60_000;

/** What the attacher says of it, for the driver. Throws an Error when it takes too long, or goes wrong. */
export async function waitForAttachment(wait: AttachmentWait): Promise<Readonly<Record<string, string>>> {
  const { client, clock, name, volumeName } = wait;
  const until = clock.monotonic() + patienceMs;
  for (;;) {
    const found = await ifPresent(client.get<VolumeAttachment>(volumeAttachments, { name }));
    const isLeaving = found?.metadata.deletionTimestamp !== undefined;
    if (found?.status?.attached === true && !isLeaving) return found.status.attachmentMetadata ?? {};
    const trouble = found?.status?.attachError?.message;
    if (trouble) throw new Error(`volume attachment ${name}: ${trouble}`);
    if (clock.monotonic() >= until) {
      const what =
        found === undefined ? 'there is no VolumeAttachment for it' : isLeaving ? 'it is detached' : 'pending';
      throw new Error(`volume "${volumeName}" is not attached to this node yet: ${what}`);
    }
    await clock.sleep(lookEveryMs);
  }
}
