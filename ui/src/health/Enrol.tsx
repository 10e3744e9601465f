// Learning the performers: the task that comes before everything else.

import { Bootstrap, React } from "../host";
import { useWork } from "../jobs";
import { Ended } from "../parts/Ended";
import { Progress } from "../parts/Progress";
import { useText } from "../text";

const { Button } = Bootstrap;

const SYNCHRONISE = "Synchronize Performers"; // the task's name in the manifest

/** Nobody is known yet: the first thing to do. */
export function Enrol({ onDone }: { onDone: () => void }) {
  const text = useText();
  return (
    <div className="compreface-box card">
      <p>{text("compreface.enrol.text")}</p>
      <div>
        <EnrolButton onDone={onDone} />
      </div>
    </div>
  );
}

/** The task that learns everybody, followed to its end. */
export function EnrolButton({ onDone }: { onDone?: (() => void) | undefined }) {
  const text = useText();
  const work = useWork(SYNCHRONISE, ({ how }) => how === "finished" && onDone?.());
  if (work.active) return <Progress work={work} words={text("compreface.enrol.working")} />;
  return (
    <>
      <Button size="sm" variant="primary" onClick={() => work.start({ name: SYNCHRONISE })}>
        {text("compreface.enrol.start")}
      </Button>
      <Ended work={work} title={text("compreface.failed.write")} />
    </>
  );
}

/** The button, where a message asks for the task. */
export function FirstStep({ message, onDone }: { message: string; onDone?: (() => void) | undefined }) {
  return message.includes(SYNCHRONISE) ? <EnrolButton onDone={onDone} /> : null;
}
