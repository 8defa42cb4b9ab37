/** CONTRACT: where pods come from beside the API. Implementations: `manifest-folder.ts`, `manifest-url.ts`. */

import type { Pod } from '../../api/types/core/v1.ts';
import type { ManifestKind } from './complete-pod.ts';

/** What a source says at one look. */
export interface ManifestLook {
  /** By what holds them: a path or a URL. */
  readonly pods: ReadonlyMap<string, readonly Pod[]>;
  /** Why something of it is no pod, by its path or URL: sentences. What was read there before stays. */
  readonly problems: ReadonlyMap<string, string>;
}

export interface ManifestSource {
  readonly kind: ManifestKind;
  /** What it is, for the log, without secrets. */
  readonly name: string;
  /** Calls `onLook` at the first look and then for each, until `signal` aborts. Never rejects. */
  run(onLook: (look: ManifestLook) => void, signal: AbortSignal): Promise<void>;
}
