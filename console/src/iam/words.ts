// Texts of the IAM pages.

import type { Words } from '../i18n/words';

export const iamWords = {
  users: ['Users', 'ユーザー'],
  roles: ['Roles', 'ロール'],
  name: ['Name', '名前'],
  arn: ['ARN', 'ARN'],
  created: ['Created', '作成日時'],
  find: ['Find by name', '名前で検索'],
  noneFound: ['Nothing here', '該当する項目はありません'],
  tags: ['Tags', 'タグ'],
  key: ['Key', 'キー'],
  value: ['Value', '値'],
  valueOptional: ['Value – optional', '値 – オプション'],
  addTag: ['Add new tag', '新しいタグを追加'],
  remove: ['Remove', '削除'],
  removeTag: ['Remove the tag {key}', 'タグ {key} を削除'],
  saveChanges: ['Save changes', '変更の保存'],
  tagsSaved: ['The tags are saved.', 'タグが保存されました。'],
  noTags: ['No tags', 'タグはありません'],
  runAsHelp: [
    'The tag SSMSessionRunAs names the OS account, on every node, as which sessions of this user or role run while Run As support is enabled. An empty or invalid value refuses sessions; root is never allowed.',
    'タグ SSMSessionRunAs は、Run As サポートが有効な場合に、このユーザーまたはロールのセッションを各ノードで実行する OS アカウントの名前を指定します。値が空または無効な場合、セッションは拒否されます。root は使用できません。',
  ],
  becomes: [
    'Sessions run as {user}, on nodes that have this account.',
    'セッションは、このアカウントが存在するノードで {user} として実行されます。',
  ],
  keyEmpty: ['Enter a key, or remove this tag.', 'キーを入力するか、このタグを削除してください。'],
  keyTwice: ['This key stands here twice.', 'このキーは重複しています。'],
  keySpelling: [
    'The key must be spelled SSMSessionRunAs.',
    'キーは SSMSessionRunAs と正確に入力する必要があります。',
  ],
  valueEmpty: [
    'An empty value refuses every session. Enter an OS account name, or remove this tag.',
    '値が空の場合、すべてのセッションが拒否されます。OS アカウント名を入力するか、このタグを削除してください。',
  ],
  valueMalformed: [
    'This cannot be the name of an OS account.',
    'OS アカウントの名前として使用できません。',
  ],
  valueRoot: ['Sessions never run as root.', 'root としてセッションを実行することはできません。'],
} satisfies Words;
