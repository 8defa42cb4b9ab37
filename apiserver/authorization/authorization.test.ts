import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { systemClock } from '../../base/clock.ts';
import { ApiRequest } from '../request/api-request.ts';
import { authorize, decide } from './authorization.ts';
import type { Action, Authorizer, Verdict } from './authorizer.ts';

const saying = (verdict: Verdict): Authorizer => ({ name: 'test', authorize: () => verdict });
const nothing: Action = { user: { name: 'ann', groups: [] }, verb: 'get', path: '/x' };

describe('what the authorizers decide', () => {
  const cases: readonly (readonly [what: string, said: readonly Verdict[], decided: Verdict])[] = [
    [
      'the first with an opinion',
      [{ decision: 'refuse', reason: 'a' }, { decision: 'allow' }],
      { decision: 'refuse', reason: 'a' },
    ],
    ['nothing', [{ decision: 'noOpinion' }, { decision: 'noOpinion' }], { decision: 'noOpinion' }],
    [
      'nothing, with all that they say',
      [{ decision: 'noOpinion', reason: 'a' }, { decision: 'noOpinion' }, { decision: 'noOpinion', reason: 'b' }],
      { decision: 'noOpinion', reason: 'a\nb' },
    ],
    [
      'nothing, with all that went wrong',
      [
        { decision: 'noOpinion', evaluationError: 'a' },
        { decision: 'noOpinion', reason: 'r', evaluationError: 'b' },
      ],
      { decision: 'noOpinion', reason: 'r', evaluationError: '[a, b]' },
    ],
    [
      'yes, without what was said before',
      [{ decision: 'noOpinion', reason: 'a' }, { decision: 'allow' }],
      { decision: 'allow' },
    ],
  ];
  for (const [what, said, decided] of cases)
    it(what, async () => assert.deepEqual(await decide(nothing, said.map(saying)), decided));
});

describe('what is asked of the authorizers', () => {
  async function asked(method: string, url: string): Promise<NonNullable<Action['resource']>> {
    const incoming = Object.assign(new IncomingMessage(new Socket()), { method, url });
    const request = new ApiRequest(incoming, new ServerResponse(incoming), { clock: systemClock });
    const actions: Action[] = [];
    const listening: Authorizer = {
      name: 'test',
      authorize(action) {
        actions.push(action);
        return { decision: 'noOpinion' };
      },
    };
    assert.throws(() => authorize(request, [listening]), StatusError);
    return actions[0]?.resource ?? assert.fail('it is about a resource');
  }

  const selects = (field: string, value: string, isNegated = false) => ({ field, value, isNegated });
  const pods = '/api/v1/namespaces/a/pods';
  const table: readonly (readonly [method: string, url: string, name: string | undefined, fields: unknown])[] = [
    ['GET', pods, undefined, undefined],
    ['GET', `${pods}/x`, 'x', undefined],
    ['GET', `${pods}?fieldSelector=metadata.name%3Dx`, 'x', [selects('metadata.name', 'x')]],
    ['GET', `${pods}?watch=1&fieldSelector=metadata.name==x`, 'x', [selects('metadata.name', 'x')]],
    ['GET', `${pods}?fieldSelector=metadata.name!%3Dx`, undefined, [selects('metadata.name', 'x', true)]],
    [
      'GET',
      `${pods}?fieldSelector=spec.nodeName=n,metadata.name=x`,
      'x',
      [selects('spec.nodeName', 'n'), selects('metadata.name', 'x')],
    ],
    ['DELETE', `${pods}?fieldSelector=metadata.name=x`, 'x', [selects('metadata.name', 'x')]],
    ['GET', `/api/v1/watch/namespaces/a/pods/x?fieldSelector=metadata.name=y`, 'x', [selects('metadata.name', 'y')]],
    // A part of a path, or none.
    ['GET', `${pods}?fieldSelector=metadata.name=..`, undefined, [selects('metadata.name', '..')]],
    ['GET', `${pods}?fieldSelector=metadata.name=a/b`, undefined, [selects('metadata.name', 'a/b')]],
    ['GET', `${pods}?fieldSelector=metadata.name=`, undefined, [selects('metadata.name', '')]],
    ['GET', `${pods}?fieldSelector=nonsense`, undefined, undefined],
    ['GET', `${pods}?fieldSelector=`, undefined, []],
    // These select nothing.
    ['POST', `${pods}?fieldSelector=metadata.name=x`, undefined, undefined],
    ['GET', `${pods}/y?fieldSelector=metadata.name=x`, 'y', undefined],
  ];
  for (const [method, url, name, fields] of table)
    it(`${method} ${url}`, async () => {
      const resource = await asked(method, url);
      assert.equal(resource.name || undefined, name);
      assert.deepEqual(resource.fields, fields);
    });
});
