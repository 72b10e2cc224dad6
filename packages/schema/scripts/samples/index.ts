import { publicHosts, publicUrl } from '../../src/hosts.ts';
import { apiKeyHeader } from '../../src/key-format.ts';
import type { Operation } from '../../src/operations/index.ts';
import { csharp } from './csharp.ts';
import { curl } from './curl.ts';
import { go } from './go.ts';
import { java } from './java.ts';
import { javascript } from './javascript.ts';
import { python } from './python.ts';
import type { Language, SampleRequest } from './sample.ts';

/** The languages of the published reference page, in the order of that page. */
const languages: readonly Language[] = [curl, javascript, go, python, java, csharp];

/** The request headers for each kind of credentials, with placeholders for the credentials. */
const credentials = {
  none: [],
  bearer: [['Authorization', 'Bearer YOUR_JWT_TOKEN']],
  apiKey: [[apiKeyHeader, 'YOUR_API_KEY']],
} as const satisfies Record<Operation['security'], SampleRequest['headers']>;

function sampleRequest(operation: Operation): SampleRequest {
  const body = 'body' in operation ? operation.body.example : undefined;
  return {
    method: operation.method.toUpperCase(),
    url: `${publicUrl(publicHosts.prod)}${operation.path}`,
    headers: [
      ...(body === undefined ? [] : [['Content-Type', 'application/json'] as const]),
      ...credentials[operation.security],
    ],
    body,
  };
}

/**
 * Returns the sample programs for an operation, one per language, in the format of `x-codeSamples`.
 */
export function codeSamples(operation: Operation) {
  const request = sampleRequest(operation);
  return languages.map(({ lang, label, source }) => ({ lang, label, source: source(request) }));
}
