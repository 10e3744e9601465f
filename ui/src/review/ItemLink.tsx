import { Icon, React, Router } from "../host";
import { useText, type MessageId, type Text } from "../text";
import { addressOf, type ItemOfStash, type ItemRef } from "./api";

const IMAGE = { words: "compreface.review.image", icon: "faImage" } as const;
const KINDS: Readonly<Record<string, { words: MessageId; icon: string }>> = {
  image: IMAGE,
  scene: { words: "compreface.review.scene", icon: "faFilm" },
  gallery: { words: "compreface.review.gallery", icon: "faImages" },
};

/** What an item is called as long as nothing better is known. */
export function itemWords(text: Text, item: ItemRef): string {
  return text((KINDS[item.kind] ?? IMAGE).words, { id: item.id });
}

interface ItemLinkProps {
  item: ItemRef;
  known: ItemOfStash | undefined;
  small?: boolean;
}

export function ItemLink({ item, known, small = false }: ItemLinkProps) {
  const text = useText();
  const { icon } = KINDS[item.kind] ?? IMAGE;
  const title = known?.title || itemWords(text, item);
  return (
    <Router.Link to={addressOf(item)} className="compreface-item" title={title} aria-label={small ? title : undefined}>
      {known?.picture ? (
        <img src={known.picture} alt="" loading="lazy" />
      ) : (
        <Icon name={icon} />
      )}
      {!small && <bdi>{title}</bdi>}
    </Router.Link>
  );
}
