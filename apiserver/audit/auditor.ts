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
import type { Judgement, PolicyJudge, Stage } from './audit-policy.ts';
import type { QueuedEvent } from './audit-queue.ts';

export interface AuditorParts {
  readonly judge: PolicyJudge;
  readonly queues: readonly { add(event: QueuedEvent): void }[];
  readonly clock: Pick<Clock, 'now'>;
  /** A longer event goes without its bodies. */
  readonly maxEventBytes: number;
  /** An event was made. */
  counted(level: string): void;
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
/** Of an answer that is longer, no event would keep it. */
const bodyOf = (bytes: Buffer, max: number): Buffer | undefined => (bytes.length <= max ? bytes : undefined);

export class RequestAudit implements RequestObserver {
  readonly wantsAnswer: boolean;
  readonly #parts: AuditorParts;
  readonly #request: ApiRequest;
  readonly #judgement: Judgement;
  readonly #receivedAtMs: number;
  readonly #wantsRequest: boolean;
  /** Who really asks, whoever is impersonated later. */
  readonly #user: ApiRequest['user'];
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
    const { omitStages, level, omitManagedFields } = this.#judgement;
    if (omitStages.includes(stage)) return;
    const request = this.#request;
    const { queues, clock, maxEventBytes, counted } = this.#parts;
    const isEnd = stage === 'ResponseComplete' || stage === 'Panic';
    // What was written short may be long (YAML's anchors).
    const isShown = isEnd && this.#body !== undefined && !request.bodyGrows;
    const body = isShown ? this.#body && bodyOf(this.#body, maxEventBytes) : undefined;
    const answer = isEnd ? this.#answer : undefined;
    const audited: AuditedRequest = {
      level,
      auditId: request.auditId,
      requestUri: request.incoming.url ?? '',
      info: request.info,
      user: this.#user,
      impersonated: request.impersonator === undefined ? undefined : request.user,
      sourceIps: sourceIpsOf(request),
      userAgent: request.header('user-agent'),
      receivedAtMs: this.#receivedAtMs,
      omitManagedFields,
    };
    const contentType = request.header('content-type');
    const annotations = request.auditAnnotations;
    const atMs = clock.now();
    let json: string | undefined;
    const event: QueuedEvent = {
      bytes: bytesWithoutBodies + (body?.length ?? 0) + sizeOf(answer),
      toJson() {
        json ??= eventJson(
          audited,
          {
            stage,
            atMs,
            status,
            requestObject: body && readBody(body, contentType),
            responseObject: readAnswer(answer, maxEventBytes),
            annotations,
          },
          maxEventBytes,
        );
        return json;
      },
    };
    counted(level);
    for (const queue of queues) queue.add(event);
  }
}

/** As the connection says, behind what those in between claim. */
function sourceIpsOf(request: ApiRequest): string[] {
  const claimed = request.header('x-forwarded-for');
  const remote = request.incoming.socket.remoteAddress?.replace(/^::ffff:/, '');
  const named =
    claimed === ''
      ? []
      : claimed
          .split(',')
          .map((address) => address.trim())
          .filter((address) => /^[\da-f.:]{2,45}$/i.test(address));
  return [...new Set([...named, ...(remote === undefined ? [] : [remote])])];
}

const sizeOf = (answer: unknown): number =>
  Buffer.isBuffer(answer) ? answer.length : answer === undefined ? 0 : 16_384;

/** Undefined: it is in a form that nobody can read. */
function readBody(bytes: Buffer, contentType: string): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return contentType.includes('yaml') ? parseYaml(bytes.toString()).value : JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function readAnswer(answer: unknown, maxBytes: number): unknown {
  if (!Buffer.isBuffer(answer)) return isRecord(answer) ? answer : undefined;
  const bytes = bodyOf(answer, maxBytes);
  return bytes && readBody(bytes, 'application/json');
}
