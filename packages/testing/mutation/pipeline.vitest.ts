import { defineConfig } from 'vitest/config';
import { withoutTools } from './shared.ts';

const api = 'apps/api/test';

/** The tests that `pnpm mutation` runs against mutants of the pipeline. */
export default defineConfig({
  test: {
    ...withoutTools,
    include: [
      `${api}/http/{pipeline,answers,headers,suspended}.test.ts`,
      `${api}/limits/{rate,headers}.test.ts`,
      `${api}/request/4*.test.ts`,
      `${api}/verify/{200,401,429}.test.ts`,
    ],
  },
});
