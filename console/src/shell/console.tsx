// The console from the outside in: language, who is signed in, and then the page.

import { I18nProvider } from '@cloudscape-design/components/i18n';
import { useCallback, useEffect, useState } from 'react';
import { whenSignedOut } from '../api/call';
import { type Identity, identity } from '../api/identity';
import { LanguageContext, rememberedLanguage, rememberLanguage } from '../i18n/language';
import type { Language } from '../i18n/words';
import { componentMessages, type Messages } from '../i18n/component-messages';
import { SignIn } from '../sign-in/page';
import { type Appearance, rememberAppearance, rememberedAppearance, show } from './appearance';
import { Frame } from './frame';
import { TopBar } from './top-bar';

type Visitor = { state: 'unknown' } | { state: 'stranger' } | { state: 'known'; identity: Identity };

export function Console(): React.JSX.Element | null {
  const [language, setLanguage] = useState<Language>(rememberedLanguage);
  const [appearance, setAppearance] = useState<Appearance>(rememberedAppearance);
  const [messages, setMessages] = useState<Messages>();
  const [visitor, setVisitor] = useState<Visitor>({ state: 'unknown' });

  useEffect(() => {
    document.documentElement.lang = language;
    rememberLanguage(language);
    let stale = false;
    void componentMessages(language).then((loaded) => !stale && setMessages(loaded));
    return () => {
      stale = true;
    };
  }, [language]);

  useEffect(() => {
    show(appearance);
    rememberAppearance(appearance);
  }, [appearance]);

  const recognize = useCallback(() => {
    identity().then(
      (known) => setVisitor({ state: 'known', identity: known }),
      () => setVisitor({ state: 'stranger' }),
    );
  }, []);
  useEffect(() => {
    whenSignedOut(() => setVisitor({ state: 'stranger' }));
    recognize();
  }, [recognize]);

  if (messages === undefined || visitor.state === 'unknown') {
    return null;
  }
  const known = visitor.state === 'known' ? visitor.identity : undefined;
  return (
    <LanguageContext.Provider value={language}>
      <I18nProvider locale={language} messages={messages}>
        <TopBar
          identity={known}
          appearance={appearance}
          onLanguage={setLanguage}
          onAppearance={setAppearance}
          onSignedOut={() => setVisitor({ state: 'stranger' })}
        />
        {known === undefined ? <SignIn onSignedIn={recognize} /> : <Frame identity={known} />}
      </I18nProvider>
    </LanguageContext.Provider>
  );
}
