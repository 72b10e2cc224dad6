// A fake of Google's provider that runs as a separate process. It accepts any input and prints its
// port.
import { main, type Provider } from '@pulumi/pulumi/provider/index.js';

const provider: Provider = {
  version: '9.37.0',
  getSchema: async () => '{}',
  check: async (_urn, _olds, news) => ({ inputs: news }),
  diff: async () => ({ changes: false }),
  // The only output that tests depend on: an account's email is unknown until it is created.
  create: async (urn, inputs) => ({
    id: urn,
    outs: { ...inputs, email: `${inputs.accountId}@developer.gserviceaccount.com` },
  }),
  delete: async () => {},
};

await main(provider, ['127.0.0.1:1']);
