// Texts of the KMS keys.

import type { Words } from '../i18n/words';

export const keyWords = {
  keys: ['KMS keys', 'KMS キー'],
  alias: ['Alias', 'エイリアス'],
  keyId: ['Key ID', 'キー ID'],
  status: ['Status', 'ステータス'],
  created: ['Created', '作成日時'],
  description: ['Description', '説明'],
  actions: ['Actions', 'アクション'],
  find: ['Find by alias or ID', 'エイリアスまたは ID で検索'],
  none: ['No keys', 'キーはありません'],
  Enabled: ['Enabled', '有効'],
  Disabled: ['Disabled', '無効'],
  PendingDeletion: ['Pending deletion, {when}', '削除保留中、{when}'],
  enable: ['Enable', '有効化'],
  disable: ['Disable', '無効化'],
  enableKey: ['Enable {key}', '{key} を有効化'],
  disableKey: ['Disable {key}', '{key} を無効化'],
  schedule: ['Schedule deletion', '削除をスケジュール'],
  scheduleKey: ['Schedule deletion of {key}', '{key} の削除をスケジュール'],
  scheduleWhat: [
    'What was encrypted under this key can never be read again once it is deleted. Until then the deletion can be cancelled.',
    'キーが削除されると、このキーで暗号化されたデータは二度と復号できません。それまでは削除をキャンセルできます。',
  ],
  days: ['Waiting period in days, 7 to 30', '待機期間 (日数)、7 ~ 30'],
  cancelDeletion: ['Cancel deletion', '削除をキャンセル'],
  cancelKeyDeletion: ['Cancel deletion of {key}', '{key} の削除をキャンセル'],
} satisfies Words;
