/** The OpenAPI documents of one server: made when first asked for, kept compressed, because they are large and rare. */

import { gzipSync } from 'node:zlib';
import type { DescribedResource } from '../schema/described-resource.ts';
import { encodeSwagger } from './gnostic.ts';
import { encodeOpenApiV3 } from './gnostic-v3.ts';
import { swaggerDocument } from './openapi-v2.ts';
import { openApiDocument, openApiHash, openApiIndex } from './openapi-v3.ts';

export interface CompressedDocument {
  /** The document, gzipped. */
  readonly gzip: Buffer;
  /** Changes with the document: for ETag and for the hash in its URL. */
  readonly hash: string;
}

/** Media types of the second version in protobuf: what clients ask for, and what the answer says. */
export const swaggerProtobuf = {
  accepted: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
} as const;

/** The same of the third version. */
export const openApiProtobuf = {
  accepted: 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf',
  contentType: 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
} as const;

export class OpenApiDocuments {
  readonly #kinds: () => readonly DescribedResource[];
  readonly #version: string;
  #index: { readonly kinds: readonly DescribedResource[]; readonly text: string } | undefined;
  readonly #documents = new Map<string, CompressedDocument>();

  /** `kinds` is asked again each time, and answers with another array when kinds have come or gone. `version` is the server's. */
  constructor(kinds: () => readonly DescribedResource[], version: string) {
    this.#kinds = kinds;
    this.#version = version;
  }

  /** The answer to `/openapi/v3`, as JSON. Made anew only when the kinds have changed. */
  index(): string {
    const kinds = this.#kinds();
    if (this.#index?.kinds !== kinds) this.#index = { kinds, text: JSON.stringify(openApiIndex(kinds)) };
    return this.#index.text;
  }

  /** The answer to `/openapi/v3/{path}`, as JSON or as protobuf; undefined when nothing is there. */
  v3(path: string, format: 'json' | 'protobuf' = 'json'): CompressedDocument | undefined {
    const kinds = this.#kinds();
    const make = () => {
      const text = openApiDocument(kinds, path, this.#version);
      return text === undefined || format === 'json' ? text : encodeOpenApiV3(JSON.parse(text));
    };
    return this.#document(`v3 ${format} ${path}`, openApiHash(kinds, path), make);
  }

  /** The answer to `/openapi/v2`, as JSON or as protobuf. */
  v2(format: 'json' | 'protobuf'): CompressedDocument {
    const make = () => {
      const document = swaggerDocument(this.#kinds(), this.#version);
      return format === 'json' ? JSON.stringify(document) : encodeSwagger(document);
    };
    const document = this.#document(`v2 ${format}`, openApiHash(this.#kinds(), ''), make);
    if (document === undefined) throw new Error('the swagger document was not made');
    return document;
  }

  #document(key: string, hash: string, make: () => string | Uint8Array | undefined): CompressedDocument | undefined {
    const known = this.#documents.get(key);
    if (known?.hash === hash) return known;
    const text = make();
    if (text === undefined) {
      this.#documents.delete(key);
      return undefined;
    }
    const document = { gzip: gzipSync(text), hash };
    this.#documents.set(key, document);
    return document;
  }
}
