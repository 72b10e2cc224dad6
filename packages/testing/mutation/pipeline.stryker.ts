import { mutationOf } from './shared.ts';

export default mutationOf('pipeline', ['apps/api/src/http/pipeline.ts']);
