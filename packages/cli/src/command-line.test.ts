import { expect, test } from 'vitest';
import { parseCommandLine } from './command-line.ts';

test.each([
  [['keys'], 'keys needs one of: list, create, extend, roll, delete.'],
  [['nothing'], 'The first argument must be a command.'],
  [[], 'The first argument must be a command.'],
  [
    ['keys', 'create'],
    'keys create takes exactly one argument: NAME. Quote a name that contains spaces.',
  ],
  [
    ['keys', 'create', 'my', 'key'],
    'keys create takes exactly one argument: NAME. Quote a name that contains spaces.',
  ],
  [['keys', 'list', 'all'], 'keys list takes options only.'],
  [['keys', 'list', '--days', '3'], 'keys list has no option --days.'],
  [['keys', 'list', '--\x1b[31mred'], 'keys list has no such option.'],
  [['keys', 'list', '--json', '--json'], '--json is repeated.'],
  [['keys', 'list', '--json=yes'], '--json takes no value.'],
  [['keys', 'list', '--url'], '--url lacks its value.'],
  [['keys', 'list', '--url', '--json'], '--url lacks its value.'],
  [
    ['login', '--device', '--client-id', 'id'],
    '--client-id and --port have no effect with --device.',
  ],
  [['usage', '--days', '0'], '--days must be an integer from 1 to 366.'],
  [['keys', 'roll', 'name', '--grace', '1h'], '--grace must be an integer from 0 to 999999999.'],
])('%j is refused', (args, message) => {
  expect(() => parseCommandLine(args, false)).toThrow(
    expect.objectContaining({ exitCode: 64, message: `${message} See --help.` }),
  );
});

test('options may stand before the command, and -- ends them', () => {
  expect(parseCommandLine(['--url', 'list', '--json', 'keys', 'list'], false)).toMatchObject({
    url: 'list',
    asJson: true,
  });
  expect(() => parseCommandLine(['keys', 'create', '--', '--name'], false)).not.toThrow();
});
