// Texts of signing in.

import type { Words } from '../i18n/words';

export const signInWords = {
  title: ['Sign in to Usher', 'Usher にサインイン'],
  byKey: ['With an access key', 'アクセスキーでサインイン'],
  id: ['Access key ID', 'アクセスキー ID'],
  secret: ['Secret access key', 'シークレットアクセスキー'],
  sessionToken: ['Session token', 'セッショントークン'],
  sessionTokenHint: ['Only for temporary keys', '一時的なキーの場合のみ'],
  signIn: ['Sign in', 'サインイン'],
  secretStays: [
    'The secret key signs one request in this page. It is neither sent nor kept.',
    'シークレットキーはこのページ内で 1 回のリクエストへの署名にのみ使用され、送信も保存もされません。',
  ],
  byLink: [
    'Or run “usher login --console” where your keys are: it makes a link that works once, for 60 seconds.',
    'または、キーのある環境で「usher login --console」を実行してください。60 秒間、1 回だけ使えるリンクが作成されます。',
  ],
} satisfies Words;
