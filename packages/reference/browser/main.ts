// The page's only script: turns the plain reference that stands in the page into the interactive one.
import { createApiReference } from '@scalar/api-reference';
import '@scalar/api-reference/style.css';
import { repairAccessibleNames } from './accessible-names.ts';
import './page.css';

// The renderer would take what is there for its own work on a server.
document.querySelector('#reference')?.replaceChildren();

repairAccessibleNames(document.body);
createApiReference('#reference', {
  url: 'doc.json',
  // Try it: the very host that served the page, and no proxy between.
  servers: [{ url: location.origin }],
  proxyUrl: '',
  authentication: { preferredSecurityScheme: 'BearerAuth' },
  // A token lives as long as the tab.
  persistAuth: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  withDefaultFonts: false,
  showDeveloperTools: 'never',
  hideClientButton: true,
  // The samples of the document, and none that a template made up.
  hiddenClients: true,
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
  documentDownloadType: 'json',
});
