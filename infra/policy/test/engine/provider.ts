// A fake of Google's provider, in a process of its own: it takes whatever it is given, and prints its port.
import { main, type Provider } from '@pulumi/pulumi/provider/index.js';

const provider: Provider = {
  version: '9.37.0',
  getSchema: async () => '{}',
  check: async (_urn, _olds, news) => ({ inputs: news }),
  diff: async () => ({ changes: false }),
  // The one output that the tests wait for: an account's address is known when it has been made.
  create: async (urn, inputs) => ({
    id: urn,
    outs: { ...inputs, email: `${inputs.accountId}@developer.gserviceaccount.com` },
  }),
  delete: async () => {},
};

await main(provider, ['127.0.0.1:1']);
