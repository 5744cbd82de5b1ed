/**
 * Tiles of one layer of the pyramid: fetched when they come into view, kept while there is room, drawn
 * with the coarser tile in their place until they are there.
 *
 * @typedef {{key: string, level: number, column: number, row: number, state: "waiting" | "loading" | "ready" | "failed",
 *   picture: any, used: number, stop: AbortController | null, tries: number, stamp: number, canvas: HTMLCanvasElement | null}} Tile
 */

const AT_ONCE = 6;
const TRIES = 4;
const PAUSE_MS = 2000;

export class TileLayer {
  /**
   * @param {(level: number, column: number, row: number) => string} address
   * @param {import("./api.js").Pyramid} pyramid
   * @param {() => void} changed a tile has come
   * @param {number} room tiles to keep
   */
  constructor(address, pyramid, changed, room = 160) {
    this.address = address;
    this.pyramid = pyramid;
    this.changed = changed;
    this.room = room;
    /** @type {Map<string, Tile>} */
    this.tiles = new Map();
    /** @type {Tile[]} */
    this.queue = [];
    this.loading = 0;
    this.clock = 0;
    this.closed = false;
  }

  /**
   * Draw what the view shows.
   *
   * @param {CanvasRenderingContext2D | null} context in device px; null only fetches the tiles
   * @param {import("./view.js").View} view
   * @param {number} ratio device px per CSS px
   * @returns {boolean} whether every tile of the right level was there
   */
  draw(context, view, ratio) {
    this.clock += 1;
    const level = this.#levelFor(view.scale * ratio);
    const step = this.pyramid.tile_px * 2 ** level;
    const [x0, y0] = view.toPhoto(0, 0);
    const [x1, y1] = view.toPhoto(view.screenWidth, view.screenHeight);
    const columns = Math.ceil(this.pyramid.width_px / step);
    const rows = Math.ceil(this.pyramid.height_px / step);
    const span = (/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ count) => [
      Math.max(0, Math.floor((low + 0.5) / step)), Math.min(count - 1, Math.floor((high + 0.5) / step)),
    ];
    const [firstColumn, lastColumn] = span(x0, x1, columns);
    const [firstRow, lastRow] = span(y0, y1, rows);
    this.queue = [];
    let complete = true;
    const top = this.#tile(this.pyramid.levels - 1, 0, 0);
    if (top.state === "waiting") this.queue.push(top);
    const middle = [(firstColumn + lastColumn) / 2, (firstRow + lastRow) / 2];
    for (let row = firstRow; row <= lastRow; row += 1) {
      for (let column = firstColumn; column <= lastColumn; column += 1) {
        const tile = this.#tile(level, column, row);
        if (tile.state === "waiting") this.queue.push(tile);
        if (tile.state !== "ready") complete = tile.state === "failed" && complete;
        if (context) this.#drawOne(context, view, ratio, tile);
      }
    }
    const far = (/** @type {Tile} */ tile) => (tile === top ? -1
      : Math.hypot(tile.column - middle[0], tile.row - middle[1]));
    this.queue.sort((a, b) => far(a) - far(b));
    for (const tile of this.tiles.values()) {
      if (tile.state === "loading" && tile.used !== this.clock && tile !== top) tile.stop?.abort();
    }
    this.#pump();
    this.#forget();
    return complete;
  }

  /** Stop loading; nothing is drawn any more. */
  close() {
    this.closed = true;
    for (const tile of this.tiles.values()) tile.stop?.abort();
    this.tiles.clear();
  }

  /**
   * Turn an answer into what is drawn; other layers do it otherwise.
   *
   * @param {Blob} blob
   * @returns {Promise<any>}
   */
  decode(blob) {
    return createImageBitmap(blob);
  }

  /** @param {Tile} tile @returns {CanvasImageSource & {width: number, height: number}} */
  pictureOf(tile) {
    return tile.picture;
  }

  /** @param {number} deviceScale device px per photograph px */
  #levelFor(deviceScale) {
    const level = Math.floor(Math.log2(1 / deviceScale) + 0.01);
    return Math.min(this.pyramid.levels - 1, Math.max(0, level));
  }

  /** @param {number} level @param {number} column @param {number} row */
  #tile(level, column, row) {
    const key = `${level}/${column}/${row}`;
    let tile = this.tiles.get(key);
    if (!tile) {
      tile = { key, level, column, row, state: "waiting", picture: null, used: 0, stop: null, tries: 0, stamp: -1, canvas: null };
      this.tiles.set(key, tile);
    }
    tile.used = this.clock;
    return tile;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./view.js").View} view
   * @param {number} ratio
   * @param {Tile} tile
   */
  #drawOne(context, view, ratio, tile) {
    const { tile_px: size, width_px: width, height_px: height } = this.pyramid;
    const step = size * 2 ** tile.level;
    const left = tile.column * step;
    const top = tile.row * step;
    const right = Math.min(left + step, width);
    const bottom = Math.min(top + step, height);
    const edge = (/** @type {number} */ at, /** @type {number} */ start) => Math.round((at * view.scale + start) * ratio);
    const [x0, y0, x1, y1] = [edge(left, view.left), edge(top, view.top), edge(right, view.left), edge(bottom, view.top)];
    for (let level = tile.level; level < this.pyramid.levels; level += 1) {
      const up = 2 ** (level - tile.level);
      const found = level === tile.level ? tile
        : this.tiles.get(`${level}/${Math.floor(tile.column / up)}/${Math.floor(tile.row / up)}`);
      if (found?.state !== "ready") continue;
      found.used = this.clock;
      const picture = this.pictureOf(found);
      const unit = 2 ** level;
      const sx = left / unit - found.column * size;
      const sy = top / unit - found.row * size;
      const sw = Math.min((right - left) / unit, picture.width - sx);
      const sh = Math.min((bottom - top) / unit, picture.height - sy);
      if (sw > 0 && sh > 0) context.drawImage(picture, sx, sy, sw, sh, x0, y0, x1 - x0, y1 - y0);
      return;
    }
  }

  #pump() {
    while (this.loading < AT_ONCE && this.queue.length && !this.closed) {
      this.#load(/** @type {Tile} */ (this.queue.shift()));
    }
  }

  /** @param {Tile} tile */
  async #load(tile) {
    this.loading += 1;
    tile.state = "loading";
    tile.stop = new AbortController();
    try {
      const answer = await fetch(this.address(tile.level, tile.column, tile.row), { signal: tile.stop.signal });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      tile.picture = await this.decode(await answer.blob());
      tile.state = "ready";
    } catch (error) {
      // One that left the view is asked for again when it comes back.
      tile.state = /** @type {Error} */ (error).name === "AbortError" ? "waiting" : "failed";
    }
    tile.stop = null;
    this.loading -= 1;
    if (this.closed) return;
    if (tile.state === "ready") this.changed();
    else if (tile.state === "failed" && (tile.tries += 1) < TRIES) {
      window.setTimeout(() => {
        tile.state = "waiting";
        this.changed();
      }, PAUSE_MS * tile.tries);
    }
    this.#pump();
  }

  /** Drop the tiles that were not used for longest. */
  #forget() {
    if (this.tiles.size <= this.room) return;
    const old = [...this.tiles.values()]
      .filter((tile) => tile.used !== this.clock && tile.level !== this.pyramid.levels - 1)
      .sort((a, b) => a.used - b.used);
    for (const tile of old.slice(0, this.tiles.size - this.room)) {
      tile.stop?.abort();
      tile.picture?.close?.();
      this.tiles.delete(tile.key);
    }
  }
}
