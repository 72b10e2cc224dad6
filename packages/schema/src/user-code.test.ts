import { describe, expect, test } from 'vitest';
import { formatUserCode, parseUserCode, userCodeLength, userCodeLetters } from './user-code.ts';

describe('user codes', () => {
  test('have 8 of the 20 letters of RFC 8628, which makes more than 34 bits', () => {
    expect(userCodeLetters).toBe('BCDFGHJKLMNPQRSTVWXZ');
    expect(userCodeLength * Math.log2(new Set(userCodeLetters).size)).toBeGreaterThan(34);
  });

  test.each(['WDJB-MJHT', 'wdjb mjht', 'WDJBMJHT', ' wdjb\u2013mjht.', 'W-D-J-B-M-J-H-T'])(
    'are read from %j',
    (text) => {
      expect(parseUserCode(text)).toBe('WDJBMJHT');
    },
  );

  test.each([
    '',
    'WDJB-MJH',
    'WDJB-MJHTT',
    'ADJB-MJHT',
    'WDJB-MJH1',
    'WDJB-MJHÄ',
    '\u017fDJB-MJHT1',
  ])('are not read from %j', (text) => {
    expect(parseUserCode(text)).toBeUndefined();
  });

  test('are shown with a dash', () => {
    expect(formatUserCode('WDJBMJHT')).toBe('WDJB-MJHT');
  });
});
