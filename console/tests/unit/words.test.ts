import { describe, expect, test } from 'vitest';
import { initialLanguage } from '../../src/i18n/language';
import { say, type Word, type Words } from '../../src/i18n/words';

const pages = import.meta.glob<Record<string, Words>>('../../src/**/words.ts', { eager: true });

/** Texts that are the same in both languages: names, and a description that is stored in the document. */
const SAME = new Set(['S3', 'CloudWatch Logs', 'Usher', 'Systems Manager', 'IAM', 'ARN', 'Session preferences, saved by {who} at {when}']);

const words: [string, Word][] = Object.entries(pages)
  .filter(([path]) => !path.includes('/i18n/'))
  .flatMap(([path, page]) =>
    Object.values(page).flatMap((words) =>
      Object.entries(words).map(([key, word]): [string, Word] => [`${path} ${key}`, word]),
    ),
  );

const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

describe('every text of the console', () => {
  test.each(words)('%s is there in both languages and takes the same places', (_, word) => {
    expect(word[0]).not.toBe('');
    expect(places(word[1])).toEqual(places(word[0]));
    if (!SAME.has(word[0])) {
      expect(word[1]).toMatch(/[\u3040-\u30ff\u4e00-\u9fff]/);
    }
  });
});

test('a place that is not filled stays visible', () => {
  expect(say(['{a} and {b}', '{a} と {b}'], 'ja', { a: 1 })).toBe('1 と {b}');
});

test('the language is the kept one, else the first known that the browser asks for, else English', () => {
  expect(initialLanguage(null, ['fr', 'ja-JP', 'en'])).toBe('ja');
  expect(initialLanguage('en', ['ja'])).toBe('en');
  expect(initialLanguage('xx', ['de'])).toBe('en');
});
