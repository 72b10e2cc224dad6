import { createServer } from 'node:http';
import { endWithFile } from '@andamio/testing/end-with-file';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { Provider } from 'oidc-provider';

/** The id of the client that is registered with the provider. */
export const clientId = 'andamio';

/** The audience of the provider's access tokens. */
export const audience = 'https://api.andamio.example';

/**
 * Starts a certified OpenID provider (https://github.com/panva/node-oidc-provider). It stops after
 * the test file. Users whose name begins with `pioneer-` have the tier `pioneer`. All others have
 * the tier `growth`.
 *
 * @returns the issuer
 */
export async function startProvider(): Promise<string> {
  let handle: ReturnType<Provider['callback']>;
  const server = createServer((request, response) => void handle(request, response));
  const issuer = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        redirect_uris: ['http://127.0.0.1/'],
      },
    ],
    pkce: { required: () => true },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    extraTokenClaims: (_, token) => ({
      tier: 'accountId' in token && token.accountId.startsWith('pioneer-') ? 'pioneer' : 'growth',
    }),
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: '', audience, accessTokenFormat: 'jwt' }),
      },
    },
  });
  handle = provider.callback();
  endWithFile(() => {
    server.closeAllConnections();
    server.close();
  });
  return issuer;
}

/**
 * Acts as a user's browser. Opens the address of a sign-in, then either signs in and consents, or
 * cancels. Follows all redirects.
 *
 * @returns the last response, which comes from the command's redirect server
 */
export async function browse(address: string, user: string | 'cancel'): Promise<Response> {
  const cookies = new Map<string, string>();
  let url = new URL(address);
  let init: RequestInit = {};
  for (let step = 0; step < 20; step++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      ...init,
      headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
      redirect: 'manual',
    });
    for (const text of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location !== null) {
      url = new URL(location, url);
      init = {};
      continue;
    }
    if (!url.pathname.startsWith('/interaction/')) return response;
    const page = await response.text();
    if (user === 'cancel') {
      url = new URL(`${url.pathname}/abort`, url);
      init = {};
    } else {
      const prompt = page.includes('value="login"') ? 'login' : 'consent';
      init = {
        method: 'POST',
        body: new URLSearchParams({ prompt, login: user, password: 'any' }),
      };
    }
  }
  throw new Error('The sign-in did not end.');
}
