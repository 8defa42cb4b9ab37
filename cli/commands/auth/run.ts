/** `auth can-i`, `auth whoami` and, beside, `auth reconcile`: the server says what one may do, and who one is to it. */

import { qualifiedName, type Resource, type ServedResource } from '../../../api/resource.ts';
import { selfSubjectReviews } from '../../../api/resources/authentication.ts';
import { selfSubjectAccessReviews, selfSubjectRulesReviews } from '../../../api/resources/authorization.ts';
import type { SelfSubjectReview } from '../../../api/types/authentication/v1.ts';
import type {
  ResourceRule,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectRulesReviewStatus,
} from '../../../api/types/authorization/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { collectionPath } from '../../../client/resource-path.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { alignColumns } from '../../printers/columns.ts';
import { structuredPrinter } from '../../printing.ts';
import { withType } from '../../requests.ts';
import { findKind } from '../../resources.ts';
import { SilentExit } from '../../silent-exit.ts';
import { accessQuestion, parseAccessWords } from './access-question.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const words = textsOf(args, 'words');
  const action = textOf(args, 'action');
  if (action === 'whoami' && words.length === 0) return await whoAmI(context, args);
  if (action === 'can-i' && isSet(args, 'list')) {
    if (words.length > 0) throw new UserError('error: list option must be specified with no arguments');
    return await listRights(context, !isSet(args, 'no-headers'));
  }
  if (action === 'can-i' && !isSet(args, 'list')) return await canI(context, args, words);
  if (action === 'reconcile' && words.length === 0)
    return await (await import('./reconcile.ts')).reconcile(context, args);
  throw new UserError(
    'usage: kubecfg auth can-i VERB RESOURCE[/NAME] | can-i VERB /PATH | can-i --list | whoami | reconcile -f FILE',
  );
}

const columns = { minWidth: 6, padding: 3 };

async function canI(context: CommandContext, args: Arguments, words: readonly string[]): Promise<void> {
  const asked = parseAccessWords(words);
  const client = await context.client();
  const kind = await namedKind(context, client, asked.resource);
  const namespace = await context.namespace();
  const spec = accessQuestion(asked, { kind, namespace, subresource: textOf(args, 'subresource') });
  const { status } = await review<SelfSubjectAccessReview>(client, selfSubjectAccessReviews, { spec });
  const isAllowed = status?.allowed === true;
  if (!isSet(args, 'quiet')) {
    const why = isAllowed ? [] : [status?.reason ?? '', status?.evaluationError ?? ''].filter((text) => text !== '');
    context.out.write(`${[isAllowed ? 'yes' : 'no', ...why].join(' - ')}\n`);
  }
  if (!isAllowed) throw new SilentExit(1);
}

/** Rights may be about what the server does not have, or not yet. */
async function namedKind(
  { errors }: CommandContext,
  client: Client,
  resource: string | undefined,
): Promise<ServedResource | undefined> {
  if (resource === undefined || resource === '*') return undefined;
  const kind = await findKind(client, resource);
  if (kind === undefined) errors.write(`Warning: the server doesn't have a resource type '${resource}'\n`);
  else if (!kind.namespaced) errors.write(`Warning: resource '${resource}' is not namespace scoped\n`);
  return kind;
}

async function listRights(context: CommandContext, withHeader: boolean): Promise<void> {
  const client = await context.client();
  const spec = { namespace: await context.oneNamespace() };
  const { status } = await review<SelfSubjectRulesReview>(client, selfSubjectRulesReviews, { spec });
  if (status?.incomplete)
    context.errors.write(
      `Warning: the list may be incomplete${status.evaluationError ? `: ${status.evaluationError}` : ''}\n`,
    );
  const header = ['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs'];
  context.out.write(alignColumns([...(withHeader ? [header] : []), ...rightsRows(status)], columns));
}

function rightsRows(status: SubjectRulesReviewStatus | undefined): string[][] {
  const { resourceRules = [], nonResourceRules = [] } = status ?? {};
  return [
    ...resourceRules.flatMap(resourceRows).toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1)),
    ...nonResourceRules.map(({ nonResourceURLs = [], verbs }) => [
      '',
      inBrackets(nonResourceURLs),
      '[]',
      inBrackets(verbs),
    ]),
  ];
}

function resourceRows({ apiGroups = [], resources = [], resourceNames = [], verbs }: ResourceRule): string[][] {
  return apiGroups.flatMap((group) =>
    resources.map((resource) => [qualifiedName(resource, group), '[]', inBrackets(resourceNames), inBrackets(verbs)]),
  );
}

const inBrackets = (texts: readonly string[]): string => `[${texts.join(' ')}]`;

async function whoAmI(context: CommandContext, args: Arguments): Promise<void> {
  const printer = await structuredPrinter(args);
  const answer = await review<SelfSubjectReview>(await context.client(), selfSubjectReviews, {});
  if (printer !== undefined) {
    context.out.write(printer(answer));
    return;
  }
  const { status } = answer;
  const { username = '', uid = '', groups = [], extra = {} } = status?.userInfo ?? {};
  const rows = [
    ['ATTRIBUTE', 'VALUE'],
    ['Username', username],
    ...(uid === '' ? [] : [['UID', uid]]),
    ...(groups.length === 0 ? [] : [['Groups', inBrackets(groups)]]),
    ...Object.entries(extra).map(([key, values]) => [`Extra: ${key}`, inBrackets(values ?? [])]),
  ];
  context.out.write(alignColumns(rows, columns));
}

/** The review with its answer. */
async function review<T extends object>(client: Client, resource: Resource, asked: object): Promise<T> {
  const { text } = await client.raw('POST', collectionPath(resource, undefined), { body: withType(resource, asked) });
  // A review is answered with itself.
  return JSON.parse(text) as T;
}
