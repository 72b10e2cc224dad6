import { readFileSync } from 'node:fs';
import { errorBody } from '@andamio/schema/errors';
import { guardSecretHeader } from '@andamio/schema/guards';
import { publicHosts, publicUrl } from '@andamio/schema/hosts';
import { verifyApiKey } from '@andamio/schema/operations';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { bootstrap } from './harness/envoy-api.ts';

const text = readFileSync(new URL('../envoy/envoy.yaml', import.meta.url), 'utf8');
const host = new URL(publicUrl(publicHosts.prod)).host;

const { listeners, clusters } = bootstrap.parse(parse(text)).static_resources;
const [edge, verify] = listeners.map(({ address, filter_chains: [{ filters }] }) => {
  const { route_config, http_filters, local_reply_config } = filters[0].typed_config;
  const [virtualHost] = route_config.virtual_hosts;
  return { address: address.socket_address, virtualHost, http_filters, replies: local_reply_config?.mappers };
});

const extAuthz = edge?.http_filters
  .flatMap((filter) => (filter.name === 'envoy.filters.http.ext_authz' ? [filter.typed_config] : []))
  .at(0);
const clusterOf = (name: string | undefined) => clusters.find((cluster) => cluster.name === name);
const addressOf = (name: string | undefined) =>
  clusterOf(name)?.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address;

describe('envoy/envoy.yaml', () => {
  test('asks before it routes', () => {
    expect(edge?.http_filters.map(({ name }) => name)).toEqual([
      'envoy.filters.http.ext_authz',
      'envoy.filters.http.router',
    ]);
  });

  test('asks the service at its published host and path, by its own name', () => {
    expect(addressOf(extAuthz?.http_service.server_uri.cluster)).toEqual(verify?.address);
    expect(verify?.address.address, 'nobody else can ask through it').toBe('127.0.0.1');
    const route = verify?.virtualHost?.routes[0]?.route;
    expect(route).toMatchObject({
      host_rewrite_literal: host,
      regex_rewrite: { pattern: { regex: '^.*$' }, substitution: verifyApiKey.path },
    });
    expect(addressOf(route?.cluster)).toEqual({ address: host, port_value: 443 });
  });

  test('checks whom it asks', () => {
    const tls = clusterOf(verify?.virtualHost?.routes[0]?.route.cluster)?.transport_socket?.typed_config;
    expect(tls).toMatchObject({
      sni: host,
      common_tls_context: {
        validation_context: { match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: host } }] },
      },
    });
  });

  test('sends the key, and nothing else that is secret', () => {
    expect(extAuthz?.allowed_headers.patterns).toEqual([{ exact: 'x-api-key' }]);
    expect(verify?.virtualHost?.request_headers_to_remove, 'which Envoy adds by itself').toEqual(['authorization']);
  });

  test("sends the guard's secret from the environment, which the file must not hold", () => {
    expect(verify?.virtualHost?.request_headers_to_add?.map(({ header }) => header)).toEqual([
      { key: guardSecretHeader, value: '%ENVIRONMENT(ANDAMIO_GUARD_SECRET)%' },
    ]);
  });

  test('lets nobody in when the service is down', () => {
    expect(extAuthz?.failure_mode_allow).toBe(false);
    expect(extAuthz?.status_on_error).toEqual({ code: 'ServiceUnavailable' });
  });

  test("answers that in the contract's error body (if not: npx pnpm@12 generate)", () => {
    expect(edge?.replies).toHaveLength(1);
    const reply = edge?.replies?.[0];
    expect(reply?.filter.and_filter.filters[1].status_code_filter.comparison.value.default_value).toBe(503);
    expect(reply?.headers_to_add).toEqual([{ header: { key: 'X-Error-Code', value: 'verification_unavailable' } }]);
    const { content_type, text_format_source } = reply?.body_format_override ?? {};
    expect(content_type).toBe('application/json');
    expect(JSON.parse(text_format_source?.inline_string ?? '')).toEqual(errorBody('verification_unavailable'));
  });

  test("passes on what a client needs of the service's refusals", () => {
    expect(extAuthz?.http_service.authorization_response.allowed_client_headers.patterns).toEqual([
      { exact: 'content-type' },
      { exact: 'x-error-code' },
      { exact: 'retry-after' },
      { prefix: 'x-ratelimit-' },
    ]);
  });
});
