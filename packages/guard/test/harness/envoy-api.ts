import * as z from 'zod';

/**
 * What the shipped configuration uses of Envoy's published API (v3), message by message: a name that is not here is a mistake.
 * (https://www.envoyproxy.io/docs/envoy/latest/api-v3/api)
 */

const duration = z.string().regex(/^\d+s$/);
const typed = <Config extends z.core.$ZodLooseShape>(type: string, fields: Config) =>
  z.strictObject({ '@type': z.literal(`type.googleapis.com/${type}`), ...fields });

const stringMatcher = z.strictObject({ exact: z.string() }).or(z.strictObject({ prefix: z.string() }));
const listStringMatcher = z.strictObject({ patterns: z.array(stringMatcher).min(1) });
const socketAddress = z.strictObject({ socket_address: z.strictObject({ address: z.string(), port_value: z.int() }) });

const extAuthz = z.strictObject({
  name: z.literal('envoy.filters.http.ext_authz'),
  typed_config: typed('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz', {
    transport_api_version: z.literal('V3'),
    allowed_headers: listStringMatcher,
    http_service: z.strictObject({
      server_uri: z.strictObject({ uri: z.url(), cluster: z.string(), timeout: duration }),
      authorization_response: z.strictObject({ allowed_client_headers: listStringMatcher }),
    }),
    failure_mode_allow: z.boolean(),
    status_on_error: z.strictObject({ code: z.literal('ServiceUnavailable') }),
  }),
});

const router = z.strictObject({
  name: z.literal('envoy.filters.http.router'),
  typed_config: typed('envoy.extensions.filters.http.router.v3.Router', {
    suppress_envoy_headers: z.boolean().optional(),
  }),
});

const route = z.strictObject({
  match: z.strictObject({ prefix: z.string() }),
  route: z.strictObject({
    cluster: z.string(),
    host_rewrite_literal: z.string().optional(),
    regex_rewrite: z
      .strictObject({ pattern: z.strictObject({ regex: z.string() }), substitution: z.string() })
      .optional(),
    timeout: duration.optional(),
    retry_policy: z.strictObject({ retry_on: z.string(), num_retries: z.int() }).optional(),
  }),
});

const virtualHost = z.strictObject({
  name: z.string(),
  domains: z.array(z.string()),
  request_headers_to_remove: z.array(z.string()).optional(),
  request_headers_to_add: z
    .array(
      z.strictObject({
        header: z.strictObject({ key: z.string(), value: z.string() }),
        append_action: z.literal('OVERWRITE_IF_EXISTS_OR_ADD'),
      }),
    )
    .optional(),
  routes: z.array(route),
});

const accessLogFilter = z.strictObject({
  and_filter: z.strictObject({
    filters: z.tuple([
      z.strictObject({ response_flag_filter: z.strictObject({ flags: z.tuple([z.literal('UAEX')]) }) }),
      z.strictObject({
        status_code_filter: z.strictObject({
          comparison: z.strictObject({
            op: z.literal('EQ'),
            value: z.strictObject({ default_value: z.int(), runtime_key: z.string() }),
          }),
        }),
      }),
    ]),
  }),
});

const localReplyConfig = z.strictObject({
  mappers: z.array(
    z.strictObject({
      filter: accessLogFilter,
      headers_to_add: z.array(z.strictObject({ header: z.strictObject({ key: z.string(), value: z.string() }) })),
      body_format_override: z.strictObject({
        content_type: z.string(),
        text_format_source: z.strictObject({ inline_string: z.string() }),
      }),
    }),
  ),
});

const connectionManager = z.strictObject({
  name: z.literal('envoy.filters.network.http_connection_manager'),
  typed_config: typed('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: z.string(),
    route_config: z.strictObject({ virtual_hosts: z.array(virtualHost) }),
    http_filters: z.array(extAuthz.or(router)),
    local_reply_config: localReplyConfig.optional(),
  }),
});

const listener = z.strictObject({
  name: z.string(),
  address: socketAddress,
  filter_chains: z.tuple([z.strictObject({ filters: z.tuple([connectionManager]) })]),
});

const upstreamTls = z.strictObject({
  name: z.literal('envoy.transport_sockets.tls'),
  typed_config: typed('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
    sni: z.string(),
    common_tls_context: z.strictObject({
      validation_context: z.strictObject({
        trusted_ca: z.strictObject({ filename: z.string() }),
        match_typed_subject_alt_names: z.array(
          z.strictObject({ san_type: z.literal('DNS'), matcher: z.strictObject({ exact: z.string() }) }),
        ),
      }),
    }),
  }),
});

const endpoint = z.strictObject({ endpoint: z.strictObject({ address: socketAddress }) });

const cluster = z.strictObject({
  name: z.string(),
  type: z.enum(['STATIC', 'LOGICAL_DNS']),
  connect_timeout: duration.optional(),
  load_assignment: z.strictObject({
    cluster_name: z.string(),
    endpoints: z.tuple([z.strictObject({ lb_endpoints: z.tuple([endpoint]) })]),
  }),
  transport_socket: upstreamTls.optional(),
});

/** Bootstrap, as far as the configuration goes. */
export const bootstrap = z.strictObject({
  static_resources: z.strictObject({ listeners: z.array(listener), clusters: z.array(cluster) }),
});
