// Texts around the terminal.

import type { Words } from '../i18n/words';

export const terminalWords = {
  terminal: ['Terminal of session {id}', 'セッション {id} のターミナル'],
  connecting: ['Connecting', '接続中'],
  connected: ['Connected', '接続済み'],
  reconnecting: ['Connection lost, reconnecting', '接続が失われました。再接続中'],
  over: ['The session has ended', 'セッションが終了しました'],
  terminate: ['Terminate', '終了'],
  back: ['Back to sessions', 'セッション一覧に戻る'],
  exit: ['Exit status {code}', '終了ステータス {code}'],
  unsupported: [
    'This session asks for {action}, which the terminal in the browser does not speak yet. Use the aws command or usher start-session.',
    'このセッションには {action} が必要ですが、ブラウザのターミナルはまだ対応していません。aws コマンドまたは usher start-session を使用してください。',
  ],
} satisfies Words;
