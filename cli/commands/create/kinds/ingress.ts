/** `create ingress NAME --rule HOST/PATH=SERVICE:PORT[,tls[=SECRET]]`. */

import { ingresses } from '../../../../api/resources/networking.ts';
import type { HTTPIngressPath, Ingress, IngressBackend, IngressTLS } from '../../../../api/types/networking/v1.ts';
import { UserError } from '../../../../base/user-error.ts';
import { textOf, textsOf } from '../../../arguments.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { nameIn, splitPair } from '../words.ts';

export function make({ words, args }: CreateInput): Wanted {
  const name = nameIn(words);
  const rules = textsOf(args, 'rule').map(parseRule);
  const backend = textOf(args, 'default-backend');
  if (rules.length === 0 && backend === undefined)
    throw new UserError(
      'error: not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)',
    );
  const annotations = Object.fromEntries(textsOf(args, 'annotation').map((pair) => splitPair(pair, 'annotation')));
  const className = textOf(args, 'class');
  const tls = tlsOf(rules);
  const object: Ingress = {
    metadata: { name, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: {
      ...(className !== undefined && { ingressClassName: className }),
      ...(backend !== undefined && { defaultBackend: parseBackend(backend) }),
      ...(rules.length > 0 && { rules: rulesOf(rules) }),
      ...(tls.length > 0 && { tls }),
    },
  };
  return { kind: ingresses, object };
}

interface Rule {
  readonly host: string;
  readonly path: HTTPIngressPath;
  /** undefined: no TLS; empty: with the default certificate. */
  readonly secret: string | undefined;
}

/** A path that ends in `*` is a prefix, any other is exact. */
function parseRule(text: string): Rule {
  const [route = '', tls] = splitOnce(text, ',');
  const [, host = '', path = '', backend = ''] = /^([^/=]*)(\/[^=]*)=([^=]+)$/.exec(route) ?? [];
  if (backend === '' || (tls !== undefined && !/^tls(=[^=]*)?$/.test(tls)))
    throw new UserError(
      `error: rule ${text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`,
    );
  const isPrefix = path.endsWith('*');
  return {
    host,
    path: {
      path: isPrefix ? path.slice(0, -1) || '/' : path,
      pathType: isPrefix ? 'Prefix' : 'Exact',
      backend: parseBackend(backend),
    },
    secret: tls?.replace(/^tls=?/, ''),
  };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function parseBackend(text: string): IngressBackend {
  const [name = '', port = '', ...others] = text.split(':');
  if (name === '' || port === '' || others.length > 0)
    throw new UserError(`error: ${text} is no backend: it should be in format servicename:serviceport`);
  return { service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } } };
}

const hostsOf = (rules: readonly Rule[]): string[] => [...new Set(rules.map(({ host }) => host))];

const rulesOf = (rules: readonly Rule[]) =>
  hostsOf(rules).map((host) => ({
    ...(host !== '' && { host }),
    http: { paths: rules.filter((rule) => rule.host === host).map(({ path }) => path) },
  }));

function tlsOf(rules: readonly Rule[]): IngressTLS[] {
  const secured = rules.filter(({ secret }) => secret !== undefined);
  return [...new Set(secured.map(({ secret }) => secret ?? ''))].map((secretName) => {
    const hosts = hostsOf(secured.filter(({ secret }) => secret === secretName)).filter((host) => host !== '');
    return { ...(hosts.length > 0 && { hosts }), ...(secretName !== '' && { secretName }) };
  });
}
