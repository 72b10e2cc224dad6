import { expect, test } from 'vitest';
import { english, textsWith } from '../src/texts.ts';

test('a page can replace single texts of a group', () => {
  const texts = textsWith({ create: 'Neu', errors: { network: 'Keine Antwort.' } });
  expect(texts).toEqual({
    ...english,
    create: 'Neu',
    errors: { ...english.errors, network: 'Keine Antwort.' },
  });
  expect(Object.keys(textsWith({ columns: { expires: 'Läuft ab' } }).columns)).toEqual(
    Object.keys(english.columns),
  );
});

test('a text that is undefined, and texts that are removed, are English', () => {
  expect(textsWith({ create: undefined, errors: undefined } as object)).toEqual(english);
  expect(textsWith({ errors: { network: undefined } } as object)).toEqual(english);
  expect(textsWith(undefined)).toEqual(english);
});
