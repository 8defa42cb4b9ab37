/**
 * What every request passes, in this order: parse → deadline → who (authentication) → as whom (impersonation) → may they
 * (authorization) →
 * has all of it arrived → is there room (fair sharing) → the handler. Whatever is thrown on the way becomes a Status; nothing can end the process.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { badRequest, internalError, StatusError, timeout } from '../../api/status-error.ts';
import type { Clock } from '../../base/clock.ts';
import { parseDurationMs } from '../../base/duration.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import type { Kinds } from '../../kinds/kind-registry.ts';
import type { Auditor, RequestAudit } from '../audit/auditor.ts';
import { type Authentication, authenticate } from '../authentication/authentication.ts';
import { authorize } from '../authorization/authorization.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { impersonate } from '../authorization/impersonation.ts';
import type { FlowControl } from '../flow-control/flow-control.ts';
import { ApiRequest } from '../request/api-request.ts';
import { readBody } from '../request/body.ts';
import type { BodyBudget, BodyShare } from '../request/body-budget.ts';
import type { OtherThread } from '../request/other-thread.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { sendError } from '../responses/responses.ts';
import { logAccess } from './access-log.ts';
import type { OpenStreams } from './open-streams.ts';
import { type ArrivalLimit, isLongRunning } from './request-limits.ts';
import type { RequestMetrics } from './request-metrics.ts';
import { statusOfStoreError } from './store-errors.ts';

export interface PipelineParts {
  readonly clock: Clock;
  readonly kinds: Kinds;
  readonly authentication: Authentication;
  readonly authorizers: readonly Authorizer[];
  readonly arrivals: ArrivalLimit;
  readonly flows: FlowControl;
  readonly bodies: BodyBudget;
  readonly streams: Pick<OpenStreams, 'add'>;
  readonly otherThread?: OtherThread | undefined;
  readonly metrics: RequestMetrics;
  /** Absent: nothing is written down. */
  readonly auditor?: Auditor | undefined;
  readonly logger: Logger;
  /** Another server serves it. */
  isElsewhere(info: RequestInfo): boolean;
  /** Throws, at once or later, what the request is refused for. */
  handle(request: ApiRequest): Promise<void>;
}

const defaultDeadlineMs = 60_000;

/** Never rejects. */
export async function passRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  parts: PipelineParts,
  upgrade?: ApiRequest['upgrade'],
): Promise<void> {
  let request: ApiRequest | undefined;
  let leave: (() => void) | undefined;
  let forget: (() => void) | undefined;
  let share: BodyShare | undefined;
  let audit: RequestAudit | undefined;
  let failure: Failure | undefined;
  try {
    const received = new ApiRequest(incoming, outgoing, { clock: parts.clock, upgrade });
    request = received;
    request.kinds = parts.kinds;
    request.otherThread = parts.otherThread;
    const authenticating = authenticate(request, parts.authentication);
    if (authenticating !== undefined) await authenticating;
    audit = parts.auditor?.begin(request);
    request.observer = audit;
    const impersonating = impersonate(request, parts.authorizers);
    if (impersonating !== undefined) await impersonating;
    // Whether what is served elsewhere takes an upgrade, is for that server to say.
    const isUpgrade = upgrade !== undefined && parts.isElsewhere(request.info);
    const isStream = isUpgrade || isLongRunning(request.info);
    const takesSeat = !isStream || request.info.verb === 'watch';
    const flow = takesSeat ? parts.flows.classify(request) : undefined;
    const authorizing = authorize(request, parts.authorizers);
    if (authorizing !== undefined) await authorizing;
    if (isStream) forget = parts.streams.add(request);
    if (request.info.isResource && !isStream) {
      share = parts.bodies.open(request.user.name);
      await arrive(request, parts.arrivals, share);
    }
    if (takesSeat) {
      const entered = parts.flows.enter(request, flow);
      leave = entered instanceof Promise ? await entered : entered;
    }
    if (isStream) {
      const giveSeatBack = leave;
      const end = parts.metrics.beginLongRunning(request);
      leave = () => {
        giveSeatBack?.();
        end();
      };
      request.onStreaming = giveSeatBack;
      await parts.handle(request);
    } else await withDeadline(request, () => parts.handle(received));
  } catch (error) {
    // Who asked was not known, or was not what was claimed.
    if (request) audit ??= parts.auditor?.begin(request);
    failure = failureOf(error, request);
    await answerError(request, outgoing, failure, parts.logger);
  } finally {
    leave?.();
    forget?.();
    share?.release();
    if (failure?.isOurs) audit?.panic(failure.status.status);
    else audit?.complete(failure?.status.status);
    if (request) {
      parts.metrics.observe(request);
      logAccess(parts.logger, request);
    }
  }
}

/** Who sends a body drop by drop waits here, and keeps no seat from those who are ready. */
async function arrive(request: ApiRequest, arrivals: ArrivalLimit, share: BodyShare): Promise<void> {
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const leave = arrivals.enter(request.user.name);
  try {
    await readBody(request, share);
  } finally {
    leave();
  }
}

/** The handler may still be at work after the deadline: what becomes of it then, nobody is told. */
function withDeadline(request: ApiRequest, handle: () => Promise<void>): Promise<void> {
  const limitMs = deadlineOf(request);
  // What is refused at once is thrown here, before there is a timer that somebody would have to stop.
  const handled = handle();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timeout('request did not complete within the allotted timeout')), limitMs);
    handled.then(
      () => {
        clearTimeout(timer);
        resolve();
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

function deadlineOf(request: ApiRequest): number {
  if (!request.rawQuery.includes('timeout=')) return defaultDeadlineMs;
  const text = request.query.get('timeout') ?? '';
  if (text === '') return defaultDeadlineMs;
  const asked = parseDurationMs(text);
  if (asked === undefined)
    throw badRequest(`invalid timeout specified in the request URL - time: invalid duration ${JSON.stringify(text)}`);
  return asked <= 0 ? defaultDeadlineMs : Math.min(asked, defaultDeadlineMs);
}

interface Failure {
  readonly status: StatusError;
  readonly error: unknown;
  /** Nobody foresaw it. */
  readonly isOurs: boolean;
}

async function answerError(
  request: ApiRequest | undefined,
  outgoing: ServerResponse,
  { status, error }: Failure,
  logger: Logger,
): Promise<void> {
  if (status.code >= 500) logger.warn('request not answered as asked', { path: request?.info.path, error });
  if (request === undefined) {
    outgoing.writeHead(status.code, { 'content-type': 'application/json' }).end(JSON.stringify(status.status));
    return;
  }
  if (outgoing.headersSent) {
    // Half an answer must not look like a whole one.
    outgoing.destroy();
    return;
  }
  try {
    await sendError(request, status);
  } catch (cause) {
    logger.error('could not send an error', { error: cause });
    outgoing.destroy();
  }
}

function failureOf(error: unknown, request: ApiRequest | undefined): Failure {
  const expected = expectedStatus(error, request);
  return { status: expected ?? internalError(errorText(error), error), error, isOurs: expected === undefined };
}

function expectedStatus(error: unknown, request: ApiRequest | undefined): StatusError | undefined {
  if (error instanceof StatusError) return error;
  const ofStore = statusOfStoreError(error, request?.hasWritten ?? false);
  if (ofStore !== undefined) return ofStore;
  return request?.isAbandoned ? timeout('the request was given up') : undefined;
}
