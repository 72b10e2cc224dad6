// A fake of Google's Pulumi provider, run as a separate process. It accepts all inputs and prints
// its port.
import { main, type Provider } from '@pulumi/pulumi/provider/index.js';

const provider: Provider = {
  version: '9.37.0',
  getSchema: async () => '{}',
  check: async (_urn, _olds, news) => ({ inputs: news }),
  diff: async () => ({ changes: false }),
  // Tests depend only on the output `email`, which is unknown until the account is created.
  create: async (urn, inputs) => ({
    id: urn,
    outs: { ...inputs, email: `${inputs.accountId}@developer.gserviceaccount.com` },
  }),
  delete: async () => {},
};

await main(provider, ['127.0.0.1:1']);
