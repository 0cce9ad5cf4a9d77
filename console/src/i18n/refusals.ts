// The server's refusals in Japanese. The server speaks English, as AWS does and as tools match on; a sentence that is
// known here is said whole in Japanese, of any other at least what kind it is, with the server's own words behind it.

import type { Language } from './words';

/** Sentences by their form. What stands in them (names, ARNs, values) is put where `$<…>` says. */
const SENTENCES: readonly (readonly [form: RegExp, japanese: string])[] = [
  [
    /^User: (?<who>\S+) is not authorized to perform: (?<action>\S+) on resource: (?<resource>\S+) with an explicit deny in (?<kind>.+)$/,
    '$<who> は、リソース $<resource> に対する $<action> を明示的に拒否されています ($<kind>)。',
  ],
  [
    /^User: (?<who>\S+) is not authorized to perform: (?<action>\S+) on resource: (?<resource>\S+) (?<why>.+)$/,
    '$<who> には、リソース $<resource> に対して $<action> を実行する権限がありません ($<why>)。',
  ],
  [/^(?<target>\S+) is not connected\.$/, '$<target> は接続されていません。ノードがオンラインであることを確認してください。'],
  [
    /^Run As is on, but this session names no OS user: .*$/,
    'Run As が有効ですが、このセッションの OS ユーザーが指定されていません。IAM ユーザーまたはロールにタグ SSMSessionRunAs を付けるか、Session Manager の設定でオペレーティングシステムのユーザー名を指定してください。',
  ],
  [
    /^(?<source>.+) is root, and root is never allowed\. Set it to another account on the node\.$/,
    'root としてセッションを実行することはできません ($<source>)。ノード上の別のアカウントを指定してください。',
  ],
  [
    /^(?<source>.+) is (?<value>.+), which is not a valid OS user name\. Set it to the exact name of an account on the node\.$/,
    '$<value> は OS ユーザー名として無効です ($<source>)。ノード上のアカウントの正確な名前を指定してください。',
  ],
  [
    /^(?<source>.+) is (?<name>\S+), an account Usher itself runs as and no session may use\..*$/,
    '$<name> は Usher 自身が使用するアカウントのため、セッションでは使用できません ($<source>)。ノード上の別のアカウントを指定してください。',
  ],
  [/^Document with same name (?<name>\S+) already exists$/, 'ドキュメント $<name> は既に存在します。'],
  [/^Document with name (?<name>\S+) does not exist\.$/, 'ドキュメント $<name> は存在しません。'],
  [/^Session (?<id>\S+) does not exist\.$/, 'セッション $<id> は存在しません。'],
  [/^User with name (?<name>\S+) already exists\.$/, 'ユーザー $<name> は既に存在します。'],
  [/^Role with name (?<name>\S+) already exists\.$/, 'ロール $<name> は既に存在します。'],
  [/^Group with name (?<name>\S+) already exists\.$/, 'ユーザーグループ $<name> は既に存在します。'],
  [/^A policy called (?<name>\S+) already exists\. .*$/, 'ポリシー $<name> は既に存在します。'],
  [/^The user with name (?<name>\S+) cannot be found\.$/, 'ユーザー $<name> が見つかりません。'],
  [/^The role with name (?<name>\S+) cannot be found\.$/, 'ロール $<name> が見つかりません。'],
  [/^The group with name (?<name>\S+) cannot be found\.$/, 'ユーザーグループ $<name> が見つかりません。'],
  [/^An alias with the name (?<arn>\S+) already exists$/, 'エイリアス $<arn> は既に存在します。'],
  [/^Key '(?<arn>\S+)' does not exist$/, 'キー $<arn> は存在しません。'],
  [/^The specified log group already exists$/, '指定されたロググループは既に存在します。'],
  [/^The specified log group does not exist\.$/, '指定されたロググループは存在しません。'],
  [/^The specified log stream does not exist\.$/, '指定されたログストリームは存在しません。'],
  [/^You are not signed in, or no longer: sign in again\.$/, 'サインインしていないか、サインインの有効期限が切れています。再度サインインしてください。'],
  [
    /^The sign-in link is not valid: .*$/,
    'サインインリンクが無効です。リンクは 60 秒以内に 1 回だけ使用できます。usher login --console で新しいリンクを作成してください。',
  ],
];

/** What kind of refusal it is, by its code without `Exception`. */
const KINDS: Readonly<Record<string, string>> = {
  AccessDenied: 'アクセスが拒否されました。',
  DeleteConflict: '他のリソースが使用しているため、削除できません。',
  Disabled: 'キーが無効です。',
  DocumentVersionLimitExceeded: 'ドキュメントのバージョン数が上限に達しています。',
  DoesNotExist: '指定されたものは存在しません。',
  DuplicateDocumentContent: 'ドキュメントの内容に変更がありません。',
  EntityAlreadyExists: '既に存在します。',
  ExpiredToken: '認証情報の有効期限が切れています。再度サインインしてください。',
  InternalFailure: 'サーバーで内部エラーが発生しました。',
  InternalServerError: 'サーバーで内部エラーが発生しました。',
  InvalidClientTokenId: 'アクセスキーが正しくありません。',
  InvalidDocument: 'ドキュメントが存在しないか、無効です。',
  InvalidDocumentContent: 'ドキュメントの内容が無効です。',
  InvalidInstanceId: 'マネージドノードが存在しません。',
  InvalidParameters: 'パラメータの値が無効です。',
  InvalidParameter: 'パラメータの値が無効です。',
  KMSInvalidState: 'キーの状態により、この操作は実行できません。',
  LimitExceeded: '上限に達しています。',
  MalformedPolicyDocument: 'ポリシードキュメントの形式が正しくありません。',
  NoSuchEntity: '指定されたものは存在しません。',
  NotFound: '指定されたものは存在しません。',
  ResourceAlreadyExists: '既に存在します。',
  ResourceNotFound: '指定されたものは存在しません。',
  SignatureDoesNotMatch: 'シークレットアクセスキーが正しくありません。',
  TargetNotConnected: 'ターゲットが接続されていません。',
  Throttling: 'リクエストが多すぎます。しばらくしてから再試行してください。',
  UnmodifiableEntity: 'この項目は変更できません。',
  UnrecognizedClient: 'アクセスキーが正しくありません。',
  Unreachable: 'サーバーに接続できません。',
  Validation: '入力値が無効です。',
  ValidationError: '入力値が無効です。',
};

/** The refusal for a person who reads `language`. */
export function refusalIn(language: Language, code: string, sentence: string): string {
  if (language === 'en') {
    return sentence;
  }
  for (const [form, japanese] of SENTENCES) {
    if (form.test(sentence)) {
      return sentence.replace(form, japanese);
    }
  }
  const kind = KINDS[code] ?? KINDS[code.replace(/Exception$/, '')];
  return kind === undefined ? sentence : `${kind} (${sentence})`;
}
