import type { ReactNode } from "react";
import { Intl, React } from "./host";
import de from "./locales/de.json";
import en from "./locales/en.json";
import es from "./locales/es.json";
import fr from "./locales/fr.json";
import ja from "./locales/ja.json";

export type MessageId = keyof typeof en;
type Catalogue = Record<MessageId, string>; // a file that lacks a message does not compile

const CATALOGUES: Record<string, Catalogue> = { en, de, es, fr, ja };

function catalogue(locale: string): Catalogue {
  return CATALOGUES[locale.split("-")[0] ?? ""] ?? en;
}

/** Adds our messages to the host's, so that its components below find theirs too. */
export function Texts({ children }: { children: ReactNode }) {
  const host = Intl.useIntl();
  const messages = React.useMemo(
    () => ({ ...host.messages, ...catalogue(host.locale) }) as Record<string, string>,
    [host.messages, host.locale],
  );
  return (
    <Intl.IntlProvider
      locale={host.locale}
      defaultLocale={host.defaultLocale}
      timeZone={host.timeZone}
      formats={host.formats}
      messages={messages}
      onError={host.onError}
    >
      {children}
    </Intl.IntlProvider>
  );
}

export interface Text {
  (id: MessageId, values?: Record<string, string | number>): string;
  /** Two digits, in the way of the locale. */
  similarity(value: number): string;
  /** Of 0 to 1. */
  percent(value: number): string;
  date(seconds: number): string;
}

/** Messages and numbers in the language of the page. Only below `Texts`. */
export function useText(): Text {
  const intl = Intl.useIntl();
  return React.useMemo(() => {
    const say = (id: MessageId, values?: Record<string, string | number>) => intl.formatMessage({ id }, values);
    return Object.assign(say, {
      similarity: (value: number) =>
        intl.formatNumber(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
      percent: (value: number) => intl.formatNumber(value, { style: "percent" }),
      date: (seconds: number) => intl.formatDate(seconds * 1000, { dateStyle: "medium", timeStyle: "short" }),
    });
  }, [intl]);
}
