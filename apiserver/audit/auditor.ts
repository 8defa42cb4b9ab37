/**
 * Writes down what is asked of the server, as far as the policy says, and what becomes of it.
 *
 *   begin ──► RequestReceived ──► (a stream) ResponseStarted ──► ResponseComplete | Panic
 *
 * What an event needs is kept when it happens; its JSON is made later, with others, outside of the request.
 */

import { isRecord } from '../../api/json-record.ts';
import type { Status } from '../../api/status-error.ts';
import type { Clock } from '../../base/clock.ts';
import { parseYaml } from '../../machinery/codec/yaml.ts';
import type { ApiRequest } from '../request/api-request.ts';
import type { RequestObserver } from '../request/request-observer.ts';
import { type AuditedRequest, type EventAt, eventJson, mayHaveBodies } from './audit-event.ts';
import type { Judgement, Level, PolicyJudge, Stage } from './audit-policy.ts';
import type { QueuedEvent } from './audit-queue.ts';

export interface AuditorParts {
  readonly judge: PolicyJudge;
  readonly queues: readonly { add(event: QueuedEvent): void }[];
  readonly clock: Pick<Clock, 'now'>;
  /** A longer event goes without its bodies. */
  readonly maxEventBytes: number;
  /** An event was made. */
  counted(level: Level): void;
}

export class Auditor {
  readonly #parts: AuditorParts;

  constructor(parts: AuditorParts) {
    this.#parts = parts;
  }

  /** Once it is known who asks. Undefined: nothing is to be written down. */
  begin(request: ApiRequest): RequestAudit | undefined {
    const judgement = this.#parts.judge.judge(request.info, request.user);
    return judgement.level === 'None' ? undefined : new RequestAudit(this.#parts, request, judgement);
  }
}

/** What events are about beside their JSON: memory for it is counted before it is made. */
const bytesWithoutBodies = 1_024;
/** What has more items is not written out to find out how long it is. */
const mostItems = 100;

export class RequestAudit implements RequestObserver {
  readonly wantsAnswer: boolean;
  readonly #parts: AuditorParts;
  readonly #request: ApiRequest;
  readonly #judgement: Judgement;
  readonly #receivedAtMs: number;
  readonly #wantsRequest: boolean;
  /** Who really asks, whoever is impersonated later. */
  readonly #user: ApiRequest['user'];
  #told: AuditedRequest | undefined;
  #body: Buffer | undefined;
  #answer: unknown;
  #code: number | undefined;

  constructor(parts: AuditorParts, request: ApiRequest, judgement: Judgement) {
    this.#parts = parts;
    this.#request = request;
    this.#judgement = judgement;
    this.#user = request.user;
    this.#receivedAtMs = parts.clock.now() - request.elapsedMs;
    const hasBodies = mayHaveBodies(request.info);
    this.#wantsRequest = hasBodies && (judgement.level === 'Request' || judgement.level === 'RequestResponse');
    this.wantsAnswer = hasBodies && judgement.level === 'RequestResponse';
    this.#add('RequestReceived', {});
  }

  streamBegins(code: number): void {
    this.#code = code;
    this.#add('ResponseStarted', { status: { code } });
  }

  answer(body: unknown): void {
    this.#answer ??= body;
  }

  /** Everything is answered. `failure`: what it was refused for. */
  complete(failure: Status | undefined): void {
    this.#end('ResponseComplete', failure);
  }

  /** The server is at fault. */
  panic(failure: Status | undefined): void {
    this.#end('Panic', failure);
  }

  #end(stage: Stage, failure: Status | undefined): void {
    const { body } = this.#request;
    const end = () => this.#add(stage, { status: this.#statusOf(failure) });
    if (!this.#wantsRequest || body === undefined) {
      end();
      return;
    }
    body.then(
      (bytes) => {
        this.#body = bytes;
        end();
      },
      () => end(),
    );
  }

  #statusOf(failure: Status | undefined): NonNullable<EventAt['status']> {
    const code = failure?.code ?? this.#code ?? this.#request.outgoing.statusCode;
    if (failure === undefined) return { code };
    const { status = 'Failure', reason, message } = failure;
    // What is wrong with a secret is told with what is in it.
    return { status, ...(mayHaveBodies(this.#request.info) && { message }), reason, code };
  }

  #add(stage: Stage, { status }: Pick<EventAt, 'status'>): void {
    if (this.#judgement.omitStages.includes(stage)) return;
    const { queues, clock, maxEventBytes, counted } = this.#parts;
    const { level } = this.#judgement;
    const audited = this.#audited();
    const isEnd = stage === 'ResponseComplete' || stage === 'Panic';
    const { sent, answer, isCut } = isEnd ? this.#bodies() : noBodies;
    const annotations = this.#request.auditAnnotations;
    const contentType = this.#request.header('content-type');
    const at = { stage, atMs: clock.now(), status, annotations, isCut };
    let json: string | undefined;
    const event: QueuedEvent = {
      bytes: sizeOf(audited) + (sent?.length ?? 0) + sizeOfAnswer(answer),
      toJson() {
        const requestObject = sent && readBody(sent, contentType);
        json ??= eventJson(audited, { ...at, requestObject, responseObject: readAnswer(answer) }, maxEventBytes);
        return json;
      },
    };
    counted(level);
    for (const queue of queues) queue.add(event);
  }

  /** The same at each stage, but for who is impersonated: that is found out on the way. */
  #audited(): AuditedRequest {
    const impersonated = this.#request.impersonator === undefined ? undefined : this.#request.user;
    if (this.#told === undefined || this.#told.impersonated !== impersonated) this.#told = this.#tell(impersonated);
    return this.#told;
  }

  #tell(impersonated: ApiRequest['user'] | undefined): AuditedRequest {
    const request = this.#request;
    const { level, omitManagedFields } = this.#judgement;
    return {
      level,
      auditId: request.auditId,
      requestUri: request.incoming.url ?? '',
      info: request.info,
      user: this.#user,
      impersonated,
      sourceIps: sourceIpsOf(request),
      userAgent: request.header('user-agent'),
      receivedAtMs: this.#receivedAtMs,
      omitManagedFields,
    };
  }

  #bodies(): Bodies {
    const { maxEventBytes } = this.#parts;
    const [sent, answer] = [this.#body, this.#answer];
    // What was written short may be long (YAML's anchors).
    const isGrown = sent !== undefined && this.#request.bodyGrows;
    if (isGrown || isTooLong(sent, maxEventBytes) || isTooLong(answer, maxEventBytes)) return { isCut: true };
    return { sent, answer, isCut: false };
  }
}

interface Bodies {
  readonly sent?: Buffer | undefined;
  readonly answer?: unknown;
  readonly isCut: boolean;
}

const noBodies: Bodies = { isCut: false };

/** As the connection says, behind what those in between claim. */
function sourceIpsOf(request: ApiRequest): string[] {
  const claimed = request.header('x-forwarded-for');
  const remote = request.incoming.socket.remoteAddress?.replace(/^::ffff:/, '');
  if (claimed === '') return remote === undefined ? [] : [remote];
  const named = claimed
    .split(',')
    .map((address) => address.trim())
    .filter((address) => /^[\da-f.:]{2,45}$/i.test(address));
  return [...new Set([...named, ...(remote === undefined ? [] : [remote])])];
}

const sizeOf = ({ requestUri, userAgent }: AuditedRequest): number =>
  bytesWithoutBodies + requestUri.length + userAgent.length;

/** What is not bytes yet lies in a cache anyway. */
const sizeOfAnswer = (answer: unknown): number => (Buffer.isBuffer(answer) ? answer.length : answer ? 16_384 : 0);

/** Undefined: it is in a form that nobody can read. */
function readBody(bytes: Buffer, contentType: string): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return contentType.includes('yaml') ? parseYaml(bytes.toString()).value : JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function readAnswer(answer: unknown): unknown {
  if (Buffer.isBuffer(answer)) return readBody(answer, 'application/json');
  return isRecord(answer) ? answer : undefined;
}

function isTooLong(body: unknown, maxBytes: number): boolean {
  if (Buffer.isBuffer(body)) return body.length > maxBytes;
  if (!isRecord(body)) return false;
  return [body.items, body.rows].some((list) => Array.isArray(list) && list.length > mostItems);
}
