/** Where something lies inside its positioned ancestor, in CSS pixels. */
export interface Rectangle {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The part of an `object-fit: contain` element that shows the picture. Zero sizes where nothing is shown yet. */
export function pictureIn(element: Rectangle, naturalWidth: number, naturalHeight: number): Rectangle {
  if (naturalWidth <= 0 || naturalHeight <= 0 || element.width <= 0 || element.height <= 0) {
    return { left: element.left, top: element.top, width: 0, height: 0 };
  }
  const scale = Math.min(element.width / naturalWidth, element.height / naturalHeight);
  const width = naturalWidth * scale;
  const height = naturalHeight * scale;
  return {
    left: element.left + (element.width - width) / 2,
    top: element.top + (element.height - height) / 2,
    width,
    height,
  };
}
