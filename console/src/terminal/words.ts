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
  keyless: [
    'KMS made no key for this session, so it does not start: {reason}',
    'KMS がこのセッションのキーを作成しなかったため、セッションは開始されません: {reason}',
  ],
  notEncrypted: [
    'The session was to be encrypted, and the node went on without encryption. It was ended.',
    'セッションは暗号化されるはずでしたが、ノードが暗号化せずに続行しました。セッションを終了しました。',
  ],
  changedHandshake: [
    'Somebody between this page and the node changed the handshake. The session was ended.',
    'このページとノードの間でハンドシェイクが改変されました。セッションを終了しました。',
  ],
  forged: [
    'An encrypted payload was changed on its way, or encrypted under another key. The session was ended.',
    '暗号化されたデータが途中で改変されたか、別のキーで暗号化されています。セッションを終了しました。',
  ],
  repeated: [
    'An encrypted payload came a second time. The session was ended.',
    '同じ暗号化データが再度届きました。セッションを終了しました。',
  ],
  cut: [
    'An encrypted payload came cut short. The session was ended.',
    '暗号化されたデータが途中で切れています。セッションを終了しました。',
  ],
  keyLength: [
    'KMS gave a data key of another length than 64 bytes. The session was ended.',
    'KMS が返したデータキーの長さが 64 バイトではありません。セッションを終了しました。',
  ],
  senseless: [
    'The node sent something that makes no sense. The session was ended.',
    'ノードから解釈できないデータが届きました。セッションを終了しました。',
  ],
} satisfies Words;
