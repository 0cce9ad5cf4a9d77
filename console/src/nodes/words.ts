// Texts of the managed nodes.

import type { Words } from '../i18n/words';

export const nodeWords = {
  nodes: ['Managed nodes', 'マネージドノード'],
  register: ['Register a node', 'ノードを登録'],
  name: ['Name', '名前'],
  nodeId: ['Node ID', 'ノード ID'],
  status: ['Status', 'ステータス'],
  Online: ['Online', 'オンライン'],
  ConnectionLost: ['Connection lost', '接続が失われました'],
  Inactive: ['Inactive', '非アクティブ'],
  platform: ['Platform', 'プラットフォーム'],
  address: ['Address', 'アドレス'],
  version: ['Agent version', 'エージェントのバージョン'],
  lastPing: ['Last heard from', '最終応答日時'],
  registered: ['Registered', '登録日時'],
  none: ['No managed nodes', 'マネージドノードはありません'],
  find: ['Find nodes by name, ID or address', '名前、ID、アドレスでノードを検索'],
  nameOptional: ['Name of the node – optional', 'ノードの名前 – オプション'],
  nameHelp: ['Otherwise the node is known by the name of its computer.', '指定しない場合、コンピュータ名が使用されます。'],
  create: ['Create activation', 'アクティベーションを作成'],
  cancel: ['Cancel', 'キャンセル'],
  id: ['Activation ID', 'アクティベーション ID'],
  code: ['Activation code', 'アクティベーションコード'],
  once: [
    'The code is shown this once. It registers one node, within a day.',
    'コードが表示されるのは今回のみです。1 日以内に 1 台のノードを登録できます。',
  ],
  stepConfig: ['On the node, as root, write /etc/usher/agent.toml:', 'ノード上で root として /etc/usher/agent.toml を作成します:'],
  stepRegister: [
    'Register. The command reads the code from its standard input: paste it, then Enter and Ctrl-D. So it stands in no list of processes and in no history.',
    '登録します。コマンドは標準入力からコードを読み取ります。コードを貼り付け、Enter キー、続いて Ctrl-D を押してください。これにより、コードはプロセス一覧にも履歴にも残りません。',
  ],
  stepRun: ['Run the agent, or let the service manager do it:', 'エージェントを実行するか、サービスマネージャーから起動します:'],
  authority: [
    'Where the server’s certificate is from an authority of your own, add ca_file with its certificate.',
    'サーバー証明書が独自の認証局のものである場合は、その証明書を ca_file で指定してください。',
  ],
} satisfies Words;
