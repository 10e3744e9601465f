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

type Box = readonly [xMin: number, yMin: number, xMax: number, yMax: number];

/** Rows from top to bottom, each from left to right. Faces whose middle lies in the row's first face are of that row. */
export function inReadingOrder<Boxed extends { box: Box }>(faces: readonly Boxed[]): Boxed[] {
  const rows: Boxed[][] = [];
  for (const face of [...faces].sort((a, b) => a.box[1] + a.box[3] - b.box[1] - b.box[3])) {
    const row = rows[rows.length - 1];
    const first = row?.[0];
    const middle = (face.box[1] + face.box[3]) / 2;
    if (row !== undefined && first !== undefined && middle < first.box[3]) row.push(face);
    else rows.push([face]);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.box[0] - b.box[0]));
}
