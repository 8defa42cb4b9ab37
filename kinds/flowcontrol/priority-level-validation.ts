/** What a PriorityLevelConfiguration may say. */

import type {
  ExemptPriorityLevelConfiguration,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../../api/types/flowcontrol/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { isSemanticallyEqual } from '../../machinery/schema/semantic-equality.ts';

const specPath = FieldPath.of('spec');
const specDefinition = 'io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationSpec';
const types = ['Exempt', 'Limited'];
const responseTypes = ['Queue', 'Reject'];
const mostQueues = 10_000_000;
/** A flow's hand of queues is dealt from a hash of this many bits. */
const hashBits = 60;
const exemptName = 'exempt';
const catchAllName = 'catch-all';
/** Only an older version of the kind may carry it. */
const olderAnnotation = 'flowcontrol.k8s.io/preserve-zero-concurrency-shares';

const catchAllSpec: PriorityLevelConfigurationSpec = {
  type: 'Limited',
  limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
};

export function validatePriorityLevel({ metadata, spec }: PriorityLevelConfiguration, errors: FieldErrors): void {
  if (!spec) return;
  const { name = '' } = metadata ?? {};
  validateSpec(name, spec, errors);
  if (name === exemptName && (spec.type !== 'Exempt' || spec.limited))
    errors.invalid(
      specPath,
      shownSpec(spec),
      `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`,
    );
  if (name === catchAllName && !isSemanticallyEqual(specDefinition, spec, catchAllSpec))
    errors.invalid(specPath, shownSpec(spec), `spec of '${name}' must equal the fixed value`);
}

export function validateLevelAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  errors: FieldErrors,
): void {
  if (annotations?.[olderAnnotation] !== undefined)
    errors.forbidden(FieldPath.of('metadata', 'annotations'), `annotation '${olderAnnotation}' is forbidden`);
}

function validateSpec(name: string, spec: PriorityLevelConfigurationSpec, errors: FieldErrors): void {
  const { type = '', exempt, limited } = spec;
  const [typePath, exemptPath, limitedPath] = [
    specPath.child('type'),
    specPath.child('exempt'),
    specPath.child('limited'),
  ];
  if ((name === exemptName) !== (type === 'Exempt'))
    errors.invalid(typePath, type, "type must be 'Exempt' if and only if name is 'exempt'");
  if (type === 'Exempt') {
    if (limited) errors.forbidden(limitedPath, 'must be nil if the type is not Limited');
    if (exempt) validateExempt(exempt, exemptPath, errors);
  } else if (type === 'Limited') {
    if (exempt) errors.forbidden(exemptPath, 'must be nil if the type is Limited');
    if (limited) validateLimited(limited, limitedPath, errors);
    else errors.required(limitedPath, 'must not be empty when type is Limited');
  } else errors.notSupported(typePath, type, types);
}

function validateExempt(exempt: ExemptPriorityLevelConfiguration, path: FieldPath, errors: FieldErrors): void {
  validateShares(exempt.nominalConcurrencyShares, path, errors);
  validateLendable(exempt.lendablePercent, path, errors);
}

function validateLimited(limited: LimitedPriorityLevelConfiguration, path: FieldPath, errors: FieldErrors): void {
  const { borrowingLimitPercent: borrowing } = limited;
  validateShares(limited.nominalConcurrencyShares, path, errors);
  validateLimitResponse(limited.limitResponse ?? { type: '' }, path.child('limitResponse'), errors);
  validateLendable(limited.lendablePercent, path, errors);
  if (borrowing !== undefined && borrowing < 0)
    errors.invalid(path.child('borrowingLimitPercent'), borrowing, 'if specified, must be a non-negative integer');
}

function validateShares(shares: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (shares !== undefined && shares < 0)
    errors.invalid(path.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer');
}

function validateLendable(percent: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (percent !== undefined && (percent < 0 || percent > 100))
    errors.invalid(path.child('lendablePercent'), percent, 'must be between 0 and 100, inclusive');
}

/** Upstream's messages say Limited where they mean Queue. */
function validateLimitResponse({ type = '', queuing }: LimitResponse, path: FieldPath, errors: FieldErrors): void {
  const queuingPath = path.child('queuing');
  if (type === 'Reject') {
    if (queuing) errors.forbidden(queuingPath, 'must be nil if limited.limitResponse.type is not Limited');
  } else if (type === 'Queue') {
    if (queuing) validateQueuing(queuing, queuingPath, errors);
    else errors.required(queuingPath, 'must not be empty if limited.limitResponse.type is Limited');
  } else errors.notSupported(path.child('type'), type, responseTypes);
}

function validateQueuing(queuing: QueuingConfiguration, path: FieldPath, errors: FieldErrors): void {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  if (queueLengthLimit <= 0) errors.invalid(path.child('queueLengthLimit'), queueLengthLimit, 'must be positive');
  if (queues <= 0) errors.invalid(path.child('queues'), queues, 'must be positive');
  else if (queues > mostQueues) errors.invalid(path.child('queues'), queues, `must not be greater than ${mostQueues}`);
  const problem = problemOfHand(handSize, queues);
  if (problem !== undefined) errors.invalid(path.child('handSize'), handSize, problem);
}

function problemOfHand(handSize: number, queues: number): string | undefined {
  if (handSize <= 0) return 'must be positive';
  if (handSize > queues) return `should not be greater than queues (${queues})`;
  if (Math.ceil(Math.log2(queues) * handSize) <= hashBits) return undefined;
  return `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBits}`;
}

/** As Go shows its internal form: fields by their Go names, what is missing as `null`. */
function shownSpec({ type, limited, exempt }: PriorityLevelConfigurationSpec) {
  return {
    Type: type ?? '',
    Limited: limited ? shownLimited(limited) : null,
    Exempt: exempt ? shownExempt(exempt) : null,
  };
}

function shownExempt({ nominalConcurrencyShares, lendablePercent }: ExemptPriorityLevelConfiguration) {
  return { NominalConcurrencyShares: nominalConcurrencyShares ?? null, LendablePercent: lendablePercent ?? null };
}

function shownLimited(limited: LimitedPriorityLevelConfiguration) {
  const { nominalConcurrencyShares, limitResponse, lendablePercent, borrowingLimitPercent } = limited;
  const queuing = limitResponse?.queuing;
  return {
    NominalConcurrencyShares: nominalConcurrencyShares ?? 0,
    LimitResponse: {
      Type: limitResponse?.type ?? '',
      Queuing: queuing
        ? { Queues: queuing.queues, HandSize: queuing.handSize, QueueLengthLimit: queuing.queueLengthLimit }
        : null,
    },
    LendablePercent: lendablePercent ?? null,
    BorrowingLimitPercent: borrowingLimitPercent ?? null,
  };
}
