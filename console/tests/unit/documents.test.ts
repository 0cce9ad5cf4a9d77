import { expect, test } from 'vitest';
import { documentOf } from '../../src/api/documents';

test('what a document lacks or has malformed counts as not there', () => {
  expect(documentOf('{"sessionType":"InteractiveCommands","parameters":[1]}').parameters).toEqual([]);
  expect(() => documentOf('not JSON')).toThrow();
});

test('parameters keep their order, their defaults as text, and what they allow', () => {
  const { parameters } = documentOf(
    JSON.stringify({
      parameters: {
        lines: { type: 'Integer', default: 10 },
        service: { type: 'String', allowedValues: ['web', 'db'], description: 'Which' },
        path: { type: 'String', allowedPattern: '^/var/.*$' },
      },
    }),
  );
  expect(parameters.map(({ name }) => name)).toEqual(['lines', 'service', 'path']);
  expect(parameters[0]?.byDefault).toBe('10');
  expect(parameters[1]).toMatchObject({ byDefault: undefined, allowedValues: ['web', 'db'], description: 'Which' });
  expect(parameters[2]?.allowedPattern).toBe('^/var/.*$');
});
