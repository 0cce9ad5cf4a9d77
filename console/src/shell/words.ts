// Texts around the pages: navigation, the top bar, what every page may say.

import type { Words } from '../i18n/words';

export const shellWords = {
  product: ['Usher', 'Usher'],
  systemsManager: ['Systems Manager', 'Systems Manager'],
  sessionManager: ['Session Manager', 'セッションマネージャー (Session Manager)'],
  managedNodes: ['Managed nodes', 'マネージドノード'],
  iam: ['IAM', 'IAM'],
  users: ['Users', 'ユーザー'],
  roles: ['Roles', 'ロール'],
  guide: ['Guide', 'ガイド'],
  guideRunAs: ['Turn on Run As support', 'Run As サポートを有効にする'],
  guidePreferences: ['Configure session preferences', 'セッションの設定を行う'],
  guideTags: ['Tag a user or role', 'ユーザーまたはロールにタグを付ける'],
  language: ['Language', '言語'],
  mode: ['Appearance', '外観'],
  light: ['Light', 'ライト'],
  dark: ['Dark', 'ダーク'],
  signOut: ['Sign out', 'サインアウト'],
  navigation: ['Navigation', 'ナビゲーション'],
  openNavigation: ['Open navigation', 'ナビゲーションを開く'],
  closeNavigation: ['Close navigation', 'ナビゲーションを閉じる'],
  loading: ['Loading', '読み込み中'],
  notFound: ['There is no such page.', 'このページは存在しません。'],
  refused: ['The server refused this', 'サーバーに拒否されました'],
  tryAgain: ['Try again', '再試行'],
  more: ['More', 'その他'],
} satisfies Words;
