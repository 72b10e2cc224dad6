import type { Cloud } from '../cloud.ts';
import { GoogleError } from '../error.ts';
import type { Properties, ResourceType } from '../resource-type.ts';
import { form, text } from './common.ts';

/** Maximum number of exclusion filters of a sink: https://cloud.google.com/logging/quotas */
const mostExclusions = 50;

/** Maximum length of a filter: https://cloud.google.com/logging/quotas */
const longestFilter = 20_000;

function admitExclusion(inputs: Properties, cloud: Cloud, isNew: boolean): void {
  if (text(inputs, 'filter').length > longestFilter)
    throw new GoogleError(400, `The filter is longer than ${longestFilter} characters.`);
  const others = cloud
    .of('gcp:logging/projectExclusion:ProjectExclusion')
    .filter((each) => each.inputs['project'] === inputs['project']);
  if (isNew && others.length >= mostExclusions)
    throw new GoogleError(400, `A sink can have at most ${mostExclusions} exclusion filters.`);
}

export const logging: Record<string, ResourceType> = {
  'gcp:logging/projectExclusion:ProjectExclusion': {
    api: 'logging.googleapis.com',
    message: ['logging-v2', 'LogExclusion'],
    replacedBy: ['project', 'name'],
    id: (inputs) => `projects/${text(inputs, 'project')}/exclusions/${text(inputs, 'name')}`,
    admit(inputs, cloud, before) {
      const [wrong] = form(
        inputs,
        'name',
        /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/,
        'must be 1 to 100 of letters, digits, _, - and .',
      );
      if (wrong) throw new GoogleError(400, wrong);
      admitExclusion(inputs, cloud, before === undefined);
    },
  },
};
