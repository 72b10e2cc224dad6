import { expect, test } from 'vitest';
import { withKey } from './env-file.ts';

test.each([
  ['an empty file', '', 'ANT_API_KEY=new\n'],
  ['a file without the key', 'A=1\n# note\n', 'A=1\n# note\nANT_API_KEY=new\n'],
  ['a file without a final line end', 'A=1', 'A=1\nANT_API_KEY=new\n'],
  ['a file with the key', 'A=1\nANT_API_KEY=old\nB=2\n', 'A=1\nANT_API_KEY=new\nB=2\n'],
  ['an exported key', 'export ANT_API_KEY="old"', 'export ANT_API_KEY=new\n'],
  ['several assignments', 'ANT_API_KEY=1\nA=1\n ANT_API_KEY = 2\n', 'ANT_API_KEY=new\nA=1\n'],
  ['line ends of Windows', 'A=1\r\nANT_API_KEY=old\r\n', 'A=1\r\nANT_API_KEY=new\r\n'],
  [
    'similar names and comments',
    'MY_ANT_API_KEY=a\nANT_API_KEY_OLD=b\n#ANT_API_KEY=c\n',
    'MY_ANT_API_KEY=a\nANT_API_KEY_OLD=b\n#ANT_API_KEY=c\nANT_API_KEY=new\n',
  ],
])('withKey sets the key in %s and keeps all other lines', (_, before, after) => {
  expect(withKey(before, 'new')).toBe(after);
});
