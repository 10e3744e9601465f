// The host's player, as far as every version of Stash has it: a video element.

import { React } from "../host";

const EXACT_S = 0.01;
const GIVE_UP_MS = 5000; // a player that cannot seek

export const PLAYER = { container: ".VideoPlayer .video-js", picture: "video" };

function video(): HTMLVideoElement | null {
  return document.querySelector<HTMLVideoElement>(`${PLAYER.container} ${PLAYER.picture}`);
}

/** Once the player has gone to `seconds`, it stops on that very frame. */
export function holdFrameAt(seconds: number): void {
  const player = video();
  const hold = () => {
    if (player === null) return;
    player.pause();
    if (Math.abs(player.currentTime - seconds) > EXACT_S) player.currentTime = seconds; // it played on, or was on its way
    else player.removeEventListener("seeked", hold);
  };
  player?.addEventListener("seeked", hold);
  window.setTimeout(() => player?.removeEventListener("seeked", hold), GIVE_UP_MS);
}

/** Where the video stands, in seconds; 0 where there is none. */
export function usePlayedTime(): number {
  const [at, setAt] = React.useState(0);
  React.useEffect(() => {
    const read = () => setAt(video()?.currentTime ?? 0);
    read();
    for (const event of ["timeupdate", "seeked"]) document.addEventListener(event, read, true); // they do not bubble
    return () => {
      for (const event of ["timeupdate", "seeked"]) document.removeEventListener(event, read, true);
    };
  }, []);
  return at;
}
