// The bar above every page: language, appearance, and who is signed in.

import TopNavigation, { type TopNavigationProps } from '@cloudscape-design/components/top-navigation';
import { type Identity, signOut } from '../api/identity';
import { useLanguage, useWords } from '../i18n/language';
import type { Language } from '../i18n/words';
import type { Appearance } from './appearance';
import { shellWords } from './words';

interface TopBarProps {
  readonly identity: Identity | undefined;
  readonly appearance: Appearance;
  readonly onLanguage: (language: Language) => void;
  readonly onAppearance: (appearance: Appearance) => void;
  readonly onSignedOut: () => void;
}

const LANGUAGE_NAMES: readonly { id: Language; text: string }[] = [
  { id: 'en', text: 'English' },
  { id: 'ja', text: '日本語' },
];

export function TopBar(props: TopBarProps): React.JSX.Element {
  const { identity, appearance, onLanguage, onAppearance, onSignedOut } = props;
  const t = useWords(shellWords);
  const language = useLanguage();
  const current = LANGUAGE_NAMES.find(({ id }) => id === language);
  const utilities: TopNavigationProps.Utility[] = [
    {
      type: 'menu-dropdown',
      text: current?.text ?? t('language'),
      ariaLabel: t('language'),
      items: LANGUAGE_NAMES.map(({ id, text }) => ({ id, text, lang: id })),
      onItemClick: ({ detail }) => onLanguage(detail.id === 'ja' ? 'ja' : 'en'),
    },
    {
      type: 'menu-dropdown',
      text: t(appearance),
      ariaLabel: t('mode'),
      items: [
        { id: 'light', text: t('light') },
        { id: 'dark', text: t('dark') },
      ],
      onItemClick: ({ detail }) => onAppearance(detail.id === 'dark' ? 'dark' : 'light'),
    },
  ];
  if (identity !== undefined) {
    utilities.push({
      type: 'menu-dropdown',
      text: identity.name,
      description: identity.arn,
      iconName: 'user-profile',
      items: [{ id: 'sign-out', text: t('signOut') }],
      onItemClick: () => void signOut().finally(onSignedOut),
    });
  }
  return (
    <div id="top-bar">
      <TopNavigation identity={{ href: '#/', title: t('product') }} utilities={utilities} />
    </div>
  );
}
