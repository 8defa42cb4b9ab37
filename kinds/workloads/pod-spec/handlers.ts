/** Probes and lifecycle hooks: what is asked of a container, how often, and by which means. */

import type { ContainerPort, HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { validateChoice } from '../../validation/choice.ts';
import { checkHttpHeaderName, checkPortName, checkPortNumber } from '../../validation/names.ts';

type Handler = LifecycleHandler & Pick<Probe, 'grpc'>;

export interface HandlerContext {
  readonly gracePeriodSeconds: number | undefined;
}

const handlerKinds = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

function validateHandler(handler: Handler, context: HandlerContext, path: FieldPath, errors: FieldErrors): void {
  let count = 0;
  for (const kind of handlerKinds) {
    if (handler[kind] === undefined) continue;
    count += 1;
    if (count > 1) errors.forbidden(path.child(kind), 'may not specify more than 1 handler type');
    else validateOneHandler(kind, handler, context, path.child(kind), errors);
  }
  if (count === 0) errors.required(path, 'must specify a handler type');
}

function validateOneHandler(
  kind: (typeof handlerKinds)[number],
  handler: Handler,
  context: HandlerContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  switch (kind) {
    case 'exec':
      if ((handler.exec?.command ?? []).length === 0) errors.required(path.child('command'));
      return;
    case 'httpGet':
      if (handler.httpGet) validateHttpGet(handler.httpGet, path, errors);
      return;
    case 'tcpSocket':
      if (handler.tcpSocket) validatePort(handler.tcpSocket.port, path.child('port'), errors);
      return;
    case 'grpc':
      for (const message of checkPortNumber(handler.grpc?.port ?? 0))
        errors.invalid(path.child('port'), handler.grpc?.port, message);
      return;
    case 'sleep':
      validateSleep(handler.sleep?.seconds ?? 0, context, path, errors);
  }
}

function validateSleep(
  seconds: number,
  { gracePeriodSeconds }: HandlerContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (gracePeriodSeconds === undefined || (seconds >= 0 && seconds <= gracePeriodSeconds)) return;
  errors.invalid(
    path,
    seconds,
    `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriodSeconds})`,
  );
}

function validateHttpGet(action: HTTPGetAction, path: FieldPath, errors: FieldErrors): void {
  if ((action.path ?? '') === '') errors.required(path.child('path'));
  validatePort(action.port, path.child('port'), errors);
  const schemes = ['HTTP', 'HTTPS'];
  if (!schemes.includes(action.scheme ?? '')) errors.notSupported(path.child('scheme'), action.scheme ?? '', schemes);
  for (const { name } of action.httpHeaders ?? []) {
    for (const message of checkHttpHeaderName(name)) errors.invalid(path.child('httpHeaders'), name, message);
  }
}

/** A port by number or by name. */
export function validatePort(
  port: ContainerPort['containerPort'] | string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const found = typeof port === 'number' ? checkPortNumber(port) : checkPortName(port);
  for (const message of found) errors.invalid(path, port, message);
}

const probeNumbers = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

function validateProbe(probe: Probe, context: HandlerContext, path: FieldPath, errors: FieldErrors): void {
  validateHandler(probe, context, path, errors);
  for (const field of probeNumbers) {
    if ((probe[field] ?? 0) < 0) errors.invalid(path.child(field), probe[field], 'must be greater than or equal to 0');
  }
  if (probe.terminationGracePeriodSeconds !== undefined && probe.terminationGracePeriodSeconds <= 0)
    errors.invalid(
      path.child('terminationGracePeriodSeconds'),
      probe.terminationGracePeriodSeconds,
      'must be greater than 0',
    );
}

export interface Probes {
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
}

/** Liveness and startup count one success; readiness does not end a container, so it has no grace of its own. */
export function validateProbes(probes: Probes, context: HandlerContext, path: FieldPath, errors: FieldErrors): void {
  const single = (name: 'livenessProbe' | 'startupProbe') => {
    const probe = probes[name];
    if (!probe) return;
    validateProbe(probe, context, path.child(name), errors);
    if (probe.successThreshold !== 1)
      errors.invalid(path.child(name, 'successThreshold'), probe.successThreshold ?? 0, 'must be 1');
  };
  single('livenessProbe');
  const { readinessProbe } = probes;
  if (readinessProbe) {
    const place = path.child('readinessProbe');
    validateProbe(readinessProbe, context, place, errors);
    const grace = readinessProbe.terminationGracePeriodSeconds;
    if (grace !== undefined)
      errors.invalid(place.child('terminationGracePeriodSeconds'), grace, 'must not be set for readinessProbes');
  }
  single('startupProbe');
}

const plainSignals =
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX';
const stopSignals: readonly string[] = [
  ...plainSignals.split(' ').map((name) => `SIG${name}`),
  ...Array.from({ length: 15 }, (_, n) => `SIGRTMIN+${n + 1}`),
  ...Array.from({ length: 14 }, (_, n) => `SIGRTMAX-${n + 1}`),
].sort();
const windowsSignals: readonly string[] = ['SIGKILL', 'SIGTERM'];

export function validateLifecycle(
  lifecycle: Lifecycle,
  context: HandlerContext & { readonly os: string | undefined },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (lifecycle.postStart) validateHandler(lifecycle.postStart, context, path.child('postStart'), errors);
  if (lifecycle.preStop) validateHandler(lifecycle.preStop, context, path.child('preStop'), errors);
  if (lifecycle.stopSignal === undefined) return;
  const place = path.child('stopSignal');
  if (context.os === undefined) errors.forbidden(place, 'may not be set for containers with empty `spec.os.name`');
  else validateChoice(lifecycle.stopSignal, context.os === 'windows' ? windowsSignals : stopSignals, place, errors);
}
