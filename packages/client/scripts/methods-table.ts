import { type Contract, describeOperation, formatted } from './contract-module.ts';

const credentialNames = { token: 'token', key: 'API key', none: 'none' } as const;

/** Matches the content of the README's section with the table of methods. */
const section = /(?<=<!-- methods: generated -->\n\n)[\s\S]*(?=\n<!-- \/methods -->)/;

function row({ document }: Contract, operation: Contract['operations'][number]): string {
  const { facts, summary } = describeOperation(document, operation);
  const parameters = [
    ...(facts.credentials === 'key' ? ['apiKey'] : []),
    ...(facts.query ? ['query'] : []),
    ...(facts.body ? ['body'] : []),
  ].join(', ');
  const mark = facts.retryPolicy === 'with-key' ? ' `*`' : '';
  const cells = [
    `\`${operation.name}(${parameters})\`${mark}`,
    summary,
    `\`${facts.method} ${facts.path}\``,
    credentialNames[facts.credentials],
  ];
  return `| ${cells.join(' | ')} |\n`;
}

/** Returns the README with a new table of methods, generated from the contract. */
export function withMethodsTable(readme: string, contract: Contract): string {
  if (!section.test(readme)) throw new Error('The README has no markers for the table of methods.');
  const rows = contract.operations.map((operation) => row(contract, operation));
  const head = '| method | operation | request | credential |\n| --- | --- | --- | --- |\n';
  const updated = readme.replace(section, () => head + rows.join(''));
  return formatted(updated, 'README.md');
}
