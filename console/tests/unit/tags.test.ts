import { describe, expect, test } from 'vitest';
import { form } from '../../src/api/form';
import { BLANK, keyFault, plan, valueFault } from '../../src/iam/tag-set';

describe('tags that may not be saved', () => {
  test.each([
    ['keyEmpty', [{ Key: '', Value: 'x' }]],
    ['keySpelling', [{ Key: 'ssmsessionrunas', Value: 'x' }]],
    ['keyTwice', [{ Key: 'team', Value: 'a' }, { Key: 'Team', Value: 'b' }]],
  ])('%s', (fault, tags) => {
    expect(keyFault(tags, 0)).toBe(fault);
  });
  test.each([
    ['valueEmpty', ''],
    ['valueRoot', 'root'],
    ['valueMalformed', ' alice'],
    ['valueMalformed', '$(reboot)'],
  ])('%s', (fault, value) => {
    expect(valueFault({ Key: 'SSMSessionRunAs', Value: value })).toBe(fault);
  });
});

test('the blank row is no fault and is not saved', () => {
  expect(keyFault([BLANK, BLANK], 0)).toBeUndefined();
  expect(plan([], [BLANK])).toEqual({ set: [], removed: [] });
});

test('a save sets what is new or other, and removes what is gone', () => {
  const before = [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }, { Key: 'c', Value: '3' }];
  const after = [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '9' }, { Key: 'd', Value: '' }];
  expect(plan(before, after)).toEqual({
    set: [{ Key: 'b', Value: '9' }, { Key: 'd', Value: '' }],
    removed: ['c'],
  });
});

test('nested members become the form of the query protocol', () => {
  const input = { UserName: 'a b', Tags: [{ Key: 'k', Value: '' }], TagKeys: ['x'], Marker: undefined };
  expect(form(input)).toBe(
    'UserName=a+b&Tags.member.1.Key=k&Tags.member.1.Value=&TagKeys.member.1=x',
  );
});
