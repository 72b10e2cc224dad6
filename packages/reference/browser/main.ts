// The script of the reference page. Replaces the static reference with the interactive one.
import { createApiReference } from '@scalar/api-reference';
import '@scalar/api-reference/style.css';
import { repairAccessibleNames } from './accessible-names.ts';
import './page.css';

// The renderer would try to hydrate existing content as if it were server-rendered.
document.querySelector('#reference')?.replaceChildren();

repairAccessibleNames(document.body);
createApiReference('#reference', {
  url: 'doc.json',
  // "Try it" sends requests directly to the host that served the page.
  servers: [{ url: location.origin }],
  proxyUrl: '',
  authentication: { preferredSecurityScheme: 'BearerAuth' },
  // A token is stored only until the tab is closed.
  persistAuth: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  withDefaultFonts: false,
  showDeveloperTools: 'never',
  hideClientButton: true,
  // Shows only the samples in the OpenAPI document and none that the renderer generates.
  hiddenClients: true,
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
  documentDownloadType: 'json',
});
