// "Identify faces of selected" in the menu of the host's lists of images and galleries, on whatever page they stand.
// Lists of scenes hand their selection to nobody, so there is no such entry.

import { patchAfter, patchBefore, React, refreshHost, startTask, useToast, type Toast } from "../host";
import { isOver, watchJob } from "../jobs";
import { Surface } from "../surface";
import { useText, type Text } from "../text";

interface Operation {
  text: string;
  onClick(result: unknown, filter: unknown, selected: Set<string>): Promise<void>;
  isDisplayed?(result: unknown, filter: unknown, selected: Set<string>): boolean;
}

interface ListProps {
  extraOperations?: Operation[];
}

/** The lists by version: from 0.31 on the outer one, which has the menu, is called Filtered... */
const LISTS = {
  ImageList: "imageIds",
  FilteredImageList: "imageIds",
  GalleryList: "galleryIds",
  FilteredGalleryList: "galleryIds",
} as const;

/** What an entry in a menu of the host needs; it is none of our components and cannot ask for it itself. */
let page: { text: Text; toast: Toast } | undefined;

function Words() {
  const [text, toast] = [useText(), useToast()];
  page = { text, toast };
  return null;
}

patchAfter<object>("App", (_, app) => (
  <>
    <Surface>
      <Words />
    </Surface>
    {app}
  </>
));

for (const [name, ids] of Object.entries(LISTS)) {
  patchBefore<ListProps>(name, (props) =>
    page === undefined ? props : { ...props, extraOperations: [...(props.extraOperations ?? []), identify(page.text, ids)] },
  );
}

function identify(text: Text, ids: string): Operation {
  return {
    text: text("compreface.selected.identify"),
    isDisplayed: (_result, _filter, selected) => selected.size > 0,
    onClick: async (_result, _filter, selected) => {
      try {
        const job = await startTask({ description: text("compreface.mode.identifyItems") }, { mode: "identifyItems", [ids]: [...selected] });
        page?.toast.success(text("compreface.selected.queued", { count: selected.size }));
        watchJob(job, (news) => isOver(news) && void refreshHost());
      } catch (error) {
        page?.toast.error(error);
      }
    },
  };
}
