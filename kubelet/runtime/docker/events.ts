/** Docker's event stream, reduced to "look at this again". */

import type { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { RuntimeError, type RuntimeEvent } from '../runtime.ts';
import { isForeign, type Maker, nodeLabel, podUidLabel, typeLabel } from './docker-labels.ts';
import { ask } from './engine.ts';

interface EngineEvent {
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
}

export interface OwnEvent {
  readonly action: 'create' | 'start';
  readonly id: string;
  readonly name: string;
}

export interface EventFilter {
  /** Whose containers: which cluster's may be said while events come. */
  maker(): Maker;
  /** Asked once for each start and creation: those are not told. */
  isOwn(event: OwnEvent): boolean;
}

/** Ends only when `signal` aborts; a broken connection throws. */
export async function* readEvents(
  docker: Dockerode,
  { maker, isOwn }: EventFilter,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  if (signal.aborted) return;
  const body = await ask(
    docker.getEvents({
      filters: {
        type: ['container'],
        event: ['create', 'start', 'die', 'destroy', 'pause', 'unpause'],
        label: [`${nodeLabel}=${maker().node}`],
      },
    }),
  );
  // The body of an answer, which can be destroyed: the types keep to the least of what it is.
  const stream = body as Readable;
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    for await (const event of parseLines(stream)) {
      if (isForeign(event.Actor?.Attributes ?? {}, maker().clusterId)) continue;
      const { Action: action, Actor: actor } = event;
      const mayBeOwn = action === 'create' || action === 'start';
      if (mayBeOwn && isOwn({ action, id: actor?.ID ?? '', name: actor?.Attributes?.name ?? '' })) continue;
      const told = readEvent(event);
      if (told !== undefined) yield told;
    }
  } catch (error) {
    if (signal.aborted) return;
    throw new RuntimeError('Unavailable', 'The event stream of the engine broke', { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
  if (!signal.aborted) throw new RuntimeError('Unavailable', 'The engine ended its event stream');
}

async function* parseLines(stream: AsyncIterable<Buffer>): AsyncGenerator<EngineEvent> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      // What the engine sends of an event: all members of the type may be absent.
      if (line.trim() !== '') yield JSON.parse(line) as EngineEvent;
    }
  }
}

function readEvent({ Actor: actor }: EngineEvent): RuntimeEvent | undefined {
  const type = actor?.Attributes?.[typeLabel];
  const podUid = actor?.Attributes?.[podUidLabel];
  if (actor?.ID === undefined || podUid === undefined || (type !== 'sandbox' && type !== 'container')) return undefined;
  return { type, id: actor.ID, podUid };
}
