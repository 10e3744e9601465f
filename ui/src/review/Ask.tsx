import type { ReactNode } from "react";
import { Bootstrap, React } from "../host";
import { useText } from "../text";

const { Button, Modal } = Bootstrap;

interface Props {
  title: string;
  words: string;
  /** What the button that goes on says. */
  action: string;
  onYes: () => void;
  onNo: () => void;
  children?: ReactNode;
}

/** Asks before something that is tedious to take back. */
export function Ask({ title, words, action, onYes, onNo, children }: Props) {
  const text = useText();
  return (
    <Modal show onHide={onNo} aria-labelledby="compreface-ask" className="compreface" animation={false}>
      <Modal.Header>
        <Modal.Title as="h5" id="compreface-ask">
          {title}
        </Modal.Title>
      </Modal.Header>
      <Modal.Body>
        <p>{words}</p>
        {children}
      </Modal.Body>
      <Modal.Footer>
        <Button variant="secondary" onClick={onNo}>
          {text("compreface.cancel")}
        </Button>
        <Button variant="danger" autoFocus onClick={onYes}>
          {action}
        </Button>
      </Modal.Footer>
    </Modal>
  );
}
