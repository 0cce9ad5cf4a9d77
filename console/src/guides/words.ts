// Texts of the guides: AWS's own instructions, as they are followed here. Places are labels of the console.

import type { Words } from '../i18n/words';

export const guideWords = {
  guides: ['Guides', 'ガイド'],
  steps: ['Steps', '手順'],
  notes: ['What to know', '留意事項'],

  runAs: ['Turn on Run As support for Linux and macOS managed nodes', 'Linux および macOS マネージドノードの Run As サポートを有効にする'],
  runAsIntro: [
    'By default, sessions run as ssm-user, an account that the agent makes and that may use sudo. With Run As support they run as an account of the node that you name.',
    'デフォルトでは、セッションはエージェントが作成する ssm-user アカウントで実行され、sudo を使用できます。Run As サポートを有効にすると、指定したノード上のアカウントでセッションが実行されます。',
  ],
  openSessionManager: [
    'In the navigation pane, choose {sessionManager}.',
    'ナビゲーションペインで、[{sessionManager}] を選択します。',
  ],
  openPreferences: ['Choose the {preferences} tab.', '[{preferences}] タブを選択します。'],
  chooseEdit: ['Choose {edit}.', '[{edit}] を選択します。'],
  checkRunAs: [
    'Select the check box next to {runAsEnabled}.',
    '[{runAsEnabled}] の横にあるチェックボックスをオンにします。',
  ],
  enterUser: [
    'Option 1: in the {runAsDefaultUser} field, enter the name of the OS account on the nodes. Every session then runs as it.',
    'オプション 1: [{runAsDefaultUser}] フィールドに、ノード上の OS アカウントの名前を入力します。すべてのセッションがこのアカウントで実行されます。',
  ],
  orTag: [
    'Option 2 (recommended): leave the field empty, and follow the link {iamConsole} to name an account for each user or role, as the guide on tags says.',
    'オプション 2 (推奨): フィールドを空のままにし、[{iamConsole}] リンクから、タグのガイドに従ってユーザーまたはロールごとにアカウントを指定します。',
  ],
  chooseSave: ['Choose {save}.', '[{save}] を選択します。'],
  noteFirstTag: [
    'The tag of the user or role counts first, then the name in the preferences. With neither, sessions fail: there is no fall-back to ssm-user.',
    'ユーザーまたはロールのタグが最初に評価され、次に設定の名前が評価されます。どちらもない場合、セッションは失敗します。ssm-user へのフォールバックはありません。',
  ],
  noteMustExist: [
    'The account must exist on the node before the session starts. root is not supported.',
    'アカウントは、セッションの開始前にノード上に存在している必要があります。root はサポートされていません。',
  ],
  noteLimits: [
    'Login restrictions and resource limits of the OS apply to these sessions.',
    'OS のログイン制限とリソース制限は、これらのセッションにも適用されます。',
  ],

  prefs: ['Configure session preferences', 'セッションの設定を行う'],
  prefsIntro: [
    'Preferences apply to every session of the account: encryption, where logs go, how long a session may idle or last, and what the shell runs first.',
    '設定はアカウントのすべてのセッションに適用されます。暗号化、ログの保存先、アイドル時間と最大時間、シェルが最初に実行するコマンドを指定できます。',
  ],
  enterIdle: [
    'In {idleSessionTimeout}, enter the minutes after which an idle session ends, from 1 to 60.',
    '[{idleSessionTimeout}] に、アイドル状態のセッションが終了するまでの時間を 1 ~ 60 分の範囲で入力します。',
  ],
  checkMaximum: [
    'To limit how long a session lasts, select the check box next to {limitDuration}.',
    'セッションの最大時間を制限するには、[{limitDuration}] の横にあるチェックボックスをオンにします。',
  ],
  enterMaximum: [
    'In {maxSessionDuration}, enter the minutes, from 1 to 1440.',
    '[{maxSessionDuration}] に、1 ~ 1440 分の範囲で入力します。',
  ],
  checkKms: [
    'To encrypt session data, select the check box next to {kms}.',
    'セッションデータを暗号化するには、[{kms}] の横にあるチェックボックスをオンにします。',
  ],
  createKey: [
    'Choose a key of the account, enter an alias or ARN, or choose {kmsCreate}, and in the window that opens {create}.',
    'アカウントのキーを選択するか、エイリアスまたは ARN を入力するか、[{kmsCreate}] を選択し、開いたウィンドウで [{create}] を選択します。',
  ],
  enterProfile: [
    'In {linuxProfile}, enter what each shell runs first, such as exec /bin/bash.',
    '[{linuxProfile}] に、各シェルが最初に実行するコマンドを入力します (例: exec /bin/bash)。',
  ],
  noteKms: [
    'People who start sessions and the nodes both need permission on the key.',
    'セッションを開始するユーザーとノードの両方に、キーに対する許可が必要です。',
  ],
  notePermission: [
    'Who may not update the document SSM-SessionManagerRunShell cannot change preferences.',
    'ドキュメント SSM-SessionManagerRunShell を更新する許可がないユーザーは、設定を変更できません。',
  ],
  noteVersions: [
    'Every save is a version; an earlier one can be restored from the version history.',
    '保存するたびに新しいバージョンが作成されます。以前のバージョンはバージョン履歴から復元できます。',
  ],

  tags: ['Tag an IAM user or role with an OS account', 'IAM ユーザーまたはロールに OS アカウントのタグを付ける'],
  tagsIntro: [
    'With Run As support turned on, the tag SSMSessionRunAs names the OS account as which sessions of this user or role run. Each may have its own, or all the same.',
    'Run As サポートが有効な場合、タグ SSMSessionRunAs は、このユーザーまたはロールのセッションを実行する OS アカウントを指定します。それぞれに異なるアカウントも、同じアカウントも指定できます。',
  ],
  openUsers: [
    'In the navigation pane, choose {users} or {roles}.',
    'ナビゲーションペインで、[{users}] または [{roles}] を選択します。',
  ],
  chooseOne: ['Choose the user or role in the list.', 'リストからユーザーまたはロールを選択します。'],
  openTags: ['Choose the {tags} tab.', '[{tags}] タブを選択します。'],
  enterKey: ['In {key}, enter SSMSessionRunAs.', '[{key}] に SSMSessionRunAs と入力します。'],
  enterValue: ['In {value}, enter the name of the OS account.', '[{value}] に OS アカウントの名前を入力します。'],
  chooseSaveChanges: ['Choose {saveChanges}.', '[{saveChanges}] を選択します。'],
  noteSpelling: [
    'The key counts only in exactly this spelling. An empty or invalid value refuses sessions.',
    'キーは正確にこの表記である必要があります。値が空または無効な場合、セッションは拒否されます。',
  ],
  noteSessionTag: [
    'A session tag of the same key, set when a role is assumed, replaces the tag of the role.',
    'ロールの引き受け時に同じキーのセッションタグが設定された場合、ロールのタグより優先されます。',
  ],
} satisfies Words;
