// What stands where there is nothing to show, not yet, or no longer.

import type { ReactNode } from "react";
import { Bootstrap, Icon, React } from "../host";
import { useText } from "../text";
import { Help } from "./help";

const { Button, Spinner } = Bootstrap;

const SLOW_AFTER_MS = 4000;

interface NoticeProps {
  icon: string;
  title: string;
  words: string;
  children?: ReactNode;
}

/** An empty state: what it is, why, and in `children` what can be done. */
export function Notice({ icon, title, words, children }: NoticeProps) {
  return (
    <div className="compreface-notice">
      <Icon name={icon} className="compreface-notice-icon" />
      <h5>{title}</h5>
      <p className="text-muted">{words}</p>
      {children}
    </div>
  );
}

interface WorkingProps {
  words: string;
  /** Said instead of nothing when it takes longer than seconds. */
  slowWords?: string;
  onCancel?: () => void;
}

/** Something is being read or done. It can be cancelled, where it can, once it takes long. */
export function Working({ words, slowWords, onCancel }: WorkingProps) {
  const text = useText();
  const [slow, setSlow] = React.useState(false);
  React.useEffect(() => {
    const timer = window.setTimeout(() => setSlow(true), SLOW_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <div className="compreface-notice" role="status">
      <Spinner animation="border" />
      <p>{words}</p>
      {slow && slowWords && <p className="text-muted">{slowWords}</p>}
      {onCancel && (slow || slowWords) && (
        <Button size="sm" variant="secondary" onClick={onCancel}>
          {text("compreface.cancel")}
        </Button>
      )}
    </div>
  );
}

interface FailedProps {
  title: string;
  message: string;
  onRetry?: () => void;
}

/** What failed, why, another try, and the state of the plugin for finding the cause. */
export function Failed({ title, message, onRetry }: FailedProps) {
  const text = useText();
  const helps = React.useContext(Help);
  const [help, setHelp] = React.useState(false);
  return (
    <div className="compreface-box compreface-failed card" role="alert">
      <h6>
        <Icon name="faTriangleExclamation" /> {title}
      </h6>
      <p>{message}</p>
      <div className="compreface-actions">
        {onRetry && (
          <Button size="sm" variant="primary" onClick={onRetry}>
            {text("compreface.retry")}
          </Button>
        )}
        {helps && (
          <Button size="sm" variant="secondary" aria-expanded={help} onClick={() => setHelp(!help)}>
            {text("compreface.help.show")}
          </Button>
        )}
        {helps && <helps.FirstStep message={message} onDone={onRetry} />}
      </div>
      {helps && help && <helps.Checks />}
    </div>
  );
}
