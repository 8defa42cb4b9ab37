/** The thread that does heavy jobs (`heavy-jobs.ts`), one after another. */

import { parentPort } from 'node:worker_threads';
import { type Status, StatusError } from '../../api/status-error.ts';
import { errorText } from '../../base/error-text.ts';
import { KindRegistry } from '../../kinds/kind-registry.ts';
import { kinds, switchableKinds } from '../../kinds/kind-table.ts';
import { Warnings } from '../request/warnings.ts';
import { createHeavyJobs, type HeavyJobName } from './heavy-jobs.ts';

const heavyJobs = createHeavyJobs(new KindRegistry([...kinds, ...switchableKinds]));

export interface JobMessage {
  /** A `HeavyJobName`. */
  readonly name: string;
  readonly input: unknown;
}

export type JobAnswer = { readonly warnings: readonly string[] } & (
  | { readonly output: unknown }
  | { readonly status: Status }
  | { readonly error: string }
);

parentPort?.on('message', (message: JobMessage) => parentPort?.postMessage(answerTo(message)));

function answerTo({ name, input }: JobMessage): JobAnswer {
  const warnings = new Warnings();
  // What it takes and gives is agreed upon in `runJob`.
  const run = heavyJobs[name as HeavyJobName] as (input: unknown, warn: (text: string) => void) => unknown;
  try {
    const output = run(input, (text) => warnings.add(text));
    return { output, warnings: warnings.texts };
  } catch (error) {
    if (error instanceof StatusError) return { status: error.status, warnings: warnings.texts };
    const stack = error instanceof Error ? error.stack : undefined;
    return { error: stack ?? errorText(error), warnings: warnings.texts };
  }
}
