/** What the house does not read (PNG, HEIC, …) is drawn here and becomes a JPEG before it is sent. */

const READ = ["image/jpeg", "image/webp"];
/** Pixels of the longer side: twice of what a poster is shown at. */
const MOST_PIXELS = 2560;
const QUALITY = 0.92;
const UNREADABLE = "This file is no picture that your browser can read. Save it as JPEG, then choose that.";

/** A size with the same shape, at most `most` long. */
export function fitted(width: number, height: number, most = MOST_PIXELS): { width: number; height: number } {
  const share = Math.min(1, most / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) };
}

/** Whether the house reads pictures of this type as they are. */
export function isRead(type: string): boolean {
  return READ.includes(type);
}

/** The file itself, or a JPEG of it. What is see-through becomes black, as the house does it. Throws a sentence. */
export async function asJpeg(file: Blob): Promise<Blob> {
  if (isRead(file.type)) return file;
  const picture = await createImageBitmap(file).catch(() => {
    throw new Error(UNREADABLE);
  });
  const canvas = document.createElement("canvas");
  Object.assign(canvas, fitted(picture.width, picture.height));
  canvas.getContext("2d", { alpha: false })?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((done, failed) => {
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error(UNREADABLE))), "image/jpeg", QUALITY);
  });
}
