import { expect, test } from 'vitest';
import { refusalIn } from '../../src/i18n/refusals';

const DENIED =
  'User: arn:aws:iam::000000000000:user/alice is not authorized to perform: ssm:StartSession on resource: arn:aws:ssm:eu-central-1:000000000000:managed-instance/mi-1 because no identity-based policy allows the ssm:StartSession action';

test('whoever reads English reads the words of the server', () => {
  expect(refusalIn('en', 'AccessDeniedException', DENIED)).toBe(DENIED);
});

test('a known sentence is said whole, with the names that stand in it', () => {
  const told = refusalIn('ja', 'AccessDeniedException', DENIED);
  for (const name of ['user/alice', 'ssm:StartSession', 'managed-instance/mi-1', '権限がありません']) {
    expect(told).toContain(name);
  }
  expect(refusalIn('ja', 'TargetNotConnected', 'mi-1 is not connected.')).toMatch(/^mi-1 は接続されていません/);
});

test('a name that looks like a place for one is not filled', () => {
  const told = refusalIn('ja', 'EntityAlreadyExists', 'User with name $<who> already exists.');
  expect(told).toBe('ユーザー $<who> は既に存在します。');
});

test('of any other sentence the kind is said, with the words of the server behind it', () => {
  expect(refusalIn('ja', 'ValidationException', 'Value 61 is too much')).toBe('入力値が無効です。 (Value 61 is too much)');
  expect(refusalIn('ja', 'SomethingNew', 'Words')).toBe('Words');
});
