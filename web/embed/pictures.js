// Pictures: decoded by the browser, kept as textures, made again where the graphics context was lost.

const MAX_TEXTURE = 8192;

/** Media type by the file's first bytes; empty where they say none that servers send. */
function typeOf(bytes) {
  const has = (text, at) => [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
  if (has('\x89PNG', 0)) return 'image/png';
  if (has('\xff\xd8\xff', 0)) return 'image/jpeg';
  return has('RIFF', 0) && has('WEBP', 8) ? 'image/webp' : '';
}

export class Pictures {
  constructor(browser) {
    this.browser = browser;
    this.pictures = new Map();
  }

  async decode(picture, bytes) {
    const blob = new Blob([bytes], {type: typeOf(bytes)});
    const kept = this.pictures.get(picture) ?? {name: this.browser.module.newTextureName()};
    kept.blob = blob;
    this.pictures.set(picture, kept);
    let bitmap = null;
    try {
      bitmap = await createImageBitmap(blob, {imageOrientation: 'from-image', premultiplyAlpha: 'premultiply'});
    } catch {
      // Told below: it is no picture.
    }
    // Meanwhile it may have been dropped, or replaced by a newer preview.
    if (this.pictures.get(picture)?.blob !== blob) return bitmap?.close();
    if (bitmap) await this.upload(kept, bitmap);
    this.browser.module.exports._page_picture(picture, bitmap ? 1 : 0, kept.width ?? 0, kept.height ?? 0, kept.name);
    this.browser.wake();
  }

  async upload(kept, bitmap) {
    const {gl} = this.browser;
    kept.width = bitmap.width;
    kept.height = bitmap.height;
    const limit = Math.min(MAX_TEXTURE, gl.getParameter(gl.MAX_TEXTURE_SIZE));
    const scale = Math.min(1, limit / bitmap.width, limit / bitmap.height);
    if (scale < 1) {
      const size = {resizeWidth: Math.floor(bitmap.width * scale), resizeHeight: Math.floor(bitmap.height * scale)};
      bitmap = await createImageBitmap(bitmap, {...size, resizeQuality: 'high'});
    }
    if (!kept.texture) kept.texture = gl.createTexture();
    this.browser.module.setTexture(kept.name, kept.texture);
    gl.bindTexture(gl.TEXTURE_2D, kept.texture);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.generateMipmap(gl.TEXTURE_2D);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    bitmap.close();
  }

  /** The file as it came. */
  blobOf(picture) {
    return this.pictures.get(picture)?.blob;
  }

  release(picture) {
    const kept = this.pictures.get(picture);
    if (!kept) return;
    this.pictures.delete(picture);
    if (kept.texture) this.browser.gl.deleteTexture(kept.texture);
    this.browser.module.setTexture(kept.name, null);
  }

  async restore() {
    this.browser.isContextLost = false;
    this.browser.module.exports._page_context_restored();
    for (const kept of this.pictures.values()) {
      kept.texture = null;
      const bitmap = await createImageBitmap(kept.blob, {imageOrientation: 'from-image'}).catch(() => null);
      if (bitmap) await this.upload(kept, bitmap);
    }
    this.browser.wake();
  }
}
