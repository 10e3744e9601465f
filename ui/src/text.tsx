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

/** A sentence of the plugin: its code, and values that may be sentences themselves. */
export interface Said {
  code: string;
  values: Record<string, string | number | { text: string; said: Said | null }>;
}

export interface Text {
  (id: MessageId, values?: Record<string, string | number>): string;
  /** What the plugin says, in the language of the page where it has a code that is known here; else its English. */
  said(english: string, said: Said | null | undefined): string;
  /** Two digits, in the way of the locale. */
  similarity(value: number): string;
  /** Of 0 to 1. */
  percent(share: number): string;
  date(seconds: number): string;
  /** At most so many digits behind the point. */
  number(value: number, digits: number): string;
  /** Seconds as hours, minutes and seconds, for the eye: 1:02:03. */
  duration(seconds: number): string;
}

/** Messages and numbers in the language of the page. Only below `Texts`. */
export function useText(): Text {
  const intl = Intl.useIntl();
  return React.useMemo(() => {
    const say = (id: MessageId, values?: Record<string, string | number>) => intl.formatMessage({ id }, values);
    const translated = (english: string, said: Said | null | undefined): string => {
      const id = `compreface.says.${said?.code ?? ""}`;
      if (said == null || !(id in intl.messages)) return english;
      const values = Object.entries(said.values).map(([name, value]) => [
        name,
        typeof value === "object" ? translated(value.text, value.said) : value,
      ]);
      return intl.formatMessage({ id }, Object.fromEntries(values) as Record<string, string | number>);
    };
    return Object.assign(say, {
      said: translated,
      similarity: (value: number) =>
        intl.formatNumber(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
      date: (seconds: number) => intl.formatDate(seconds * 1000, { dateStyle: "medium", timeStyle: "short" }),
      number: (value: number, digits: number) => intl.formatNumber(value, { maximumFractionDigits: digits }),
      percent: (share: number) => intl.formatNumber(share, { style: "percent", maximumFractionDigits: 1 }),
      duration: clock,
    });
  }, [intl]);
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const parts = hours > 0 ? [hours, minutes, whole % 60] : [minutes, whole % 60];
  return parts.map((part, n) => (n > 0 ? String(part).padStart(2, "0") : String(part))).join(":");
}
