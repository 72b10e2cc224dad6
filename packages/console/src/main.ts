import { AndamioKeys } from './element.tsx';

// A page may load the module twice, for example from two bundles.
if (customElements.get('andamio-keys') === undefined)
  customElements.define('andamio-keys', AndamioKeys);

export { AndamioKeys };
