/* What both charts need: colors from the page, times in the clinic's zone, marks, the keyboard and fresh data. */

export function colors() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: read("ink"), quiet: read("quiet"), line: read("line"), strong: read("line-strong"), grid: read("grid"),
    card: read("card"), sunk: read("sunk"), action: read("link"), late: read("late"), medium: read("medium"),
    pressure: read("sign-pressure"), pulse: read("sign-pulse"), oxygen: read("sign-oxygen"),
    breaths: read("sign-breaths"), level: read("sign-level"), ok: read("ok"),
    drug: read("drug-induction"), drugInk: read("drug-ink"), unknown: read("unknown"), low: read("low"),
    font: read("font"),
  };
}

export function timeFormat(zone) {
  const format = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  return (seconds) => format.format(seconds * 1000);
}

export function dayFormat(zone) {
  const format = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: zone });
  return (seconds) => format.format(seconds * 1000);
}

export function plain(value, places = 1) {
  return String(Number(value.toFixed(places)));
}

/* A pen on a uPlot canvas: positions in values, sizes in CSS pixels. */
export class Pen {
  constructor(u, palette) {
    this.u = u;
    this.ctx = u.ctx;
    this.ratio = globalThis.uPlot.pxRatio;
    this.palette = palette;
  }

  x(value) {
    return this.u.valToPos(value, "x", true);
  }

  /* Whether a moment is within what is shown. */
  shows(value) {
    const { left, width } = this.u.bbox;
    const x = this.x(value);
    return x >= left && x <= left + width;
  }

  y(value, scale = "y") {
    return this.u.valToPos(value, scale, true);
  }

  size(pixels) {
    return pixels * this.ratio;
  }

  /* Everything drawn inside stays inside the plot, but for `room` CSS pixels above it. */
  within(draw, room = 0) {
    const { left, top, width, height } = this.u.bbox;
    this.ctx.save();
    this.ctx.beginPath();
    this.ctx.rect(left, top - this.size(room), width, height + this.size(room));
    this.ctx.clip();
    draw();
    this.ctx.restore();
  }

  stroke(color, width, dash = []) {
    this.ctx.strokeStyle = color;
    this.ctx.lineWidth = this.size(width);
    this.ctx.setLineDash(dash.map((each) => this.size(each)));
    this.ctx.lineJoin = "round";
    this.ctx.lineCap = dash.length ? "butt" : "round";
  }

  line(points) {
    this.ctx.beginPath();
    points.forEach(([x, y], index) => (index ? this.ctx.lineTo(x, y) : this.ctx.moveTo(x, y)));
    this.ctx.stroke();
  }

  vertical(value, color, width, dash, room = 0) {
    const { top, height } = this.u.bbox;
    this.stroke(color, width, dash);
    this.line([[this.x(value), top - this.size(room)], [this.x(value), top + height]]);
  }

  text(words, x, y, color, { align = "center", bold = false, size = 12, baseline = "middle", halo = null } = {}) {
    this.ctx.font = `${bold ? "600 " : ""}${this.size(size)}px ${this.palette.font}`;
    this.ctx.textAlign = align;
    this.ctx.textBaseline = baseline;
    if (halo) {
      this.stroke(halo, 4);
      this.ctx.strokeText(words, x, y);
    }
    this.ctx.fillStyle = color;
    this.ctx.fillText(words, x, y);
  }

  width(words, size = 12, bold = false) {
    this.ctx.font = `${bold ? "600 " : ""}${this.size(size)}px ${this.palette.font}`;
    return this.ctx.measureText(words).width;
  }

  dot(x, y, radius, color, filled) {
    this.ctx.beginPath();
    this.ctx.arc(x, y, this.size(radius), 0, Math.PI * 2);
    if (filled) {
      this.ctx.fillStyle = color;
      this.ctx.fill();
    } else {
      this.stroke(color, 1.5);
      this.ctx.stroke();
    }
  }

  /* A closed shape from offsets in CSS pixels around a place. */
  shape(x, y, offsets, color, filled) {
    this.ctx.beginPath();
    offsets.forEach(([dx, dy], index) => {
      const place = [x + this.size(dx), y + this.size(dy)];
      if (index) this.ctx.lineTo(...place);
      else this.ctx.moveTo(...place);
    });
    this.ctx.closePath();
    if (filled) {
      this.ctx.fillStyle = color;
      this.ctx.fill();
    } else {
      this.stroke(color, 1.75);
      this.ctx.stroke();
    }
  }
}

/* The words of a chart's key, each with a small drawing: [[svg path, attributes, words], ...]. */
export function key(entries) {
  const list = document.createElement("ul");
  list.className = "ek-chart__key";
  for (const [path, attributes, words] of entries) {
    const item = document.createElement("li");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 16");
    svg.setAttribute("aria-hidden", "true");
    const drawing = document.createElementNS("http://www.w3.org/2000/svg", "path");
    drawing.setAttribute("d", path);
    for (const [name, value] of Object.entries(attributes)) drawing.setAttribute(name, value);
    svg.append(drawing);
    item.append(svg, words);
    list.append(item);
  }
  return list;
}

/*
 * Put a chart in a figure: first data from its JSON script, fresh data from data-refresh-url (JSON of the same shape)
 * on `evenkeel:refresh`, or from the event itself when detail is {id, chart}. `make(figure, data)` draws and returns
 * {update(data), step(direction)}; one with {zoom(factor), since()} is zoomed with + and - and fetches only what is new.
 */
export function mount(selector, attribute, make) {
  for (const figure of document.querySelectorAll(selector)) {
    const id = figure.dataset[attribute];
    const source = document.getElementById(id);
    if (source && !figure.dataset.drawn) {
      figure.dataset.drawn = "yes";
      follow(figure, id, make(figure, JSON.parse(source.textContent)));
    }
  }
}

const FETCH_AT_MOST_EVERY_MS = 1500;
const ZOOMS = { "+": 0.5, "=": 0.5, "-": 2, 0: null };

function follow(figure, id, chart) {
  const picture = figure.querySelector("[data-chart-picture]");
  picture.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (direction === undefined && !(chart.zoom && event.key in ZOOMS)) return;
    event.preventDefault();
    if (direction === undefined) chart.zoom(ZOOMS[event.key]);
    else chart.step(direction);
  });
  let timer = null;
  let fetchedAt = -Infinity;
  const visit = figure.closest("[data-live-visit]")?.dataset.liveVisit;
  document.addEventListener("evenkeel:refresh", (event) => {
    if (!figure.isConnected) return;
    const { id: target, chart: fresh, type, data } = event.detail || {};
    if (fresh) {
      if (target === undefined || `${target}-data` === id || target === id) chart.update(fresh);
      return;
    }
    const url = figure.dataset.refreshUrl;
    const other = visit && data?.visit !== undefined && String(data.visit) !== visit;
    if (!url || timer || other || type === "board" || type === "ping") return;
    // The first news is fetched at once, what comes on its heels together a little later.
    timer = setTimeout(() => {
      timer = null;
      fetchedAt = Date.now();
      refetch(url, chart, type);
    }, Math.max(0, fetchedAt + FETCH_AT_MOST_EVERY_MS - Date.now()));
  });
}

/* Of a monitor's news only what is new is asked for, where the chart can say since when; of all else, everything. */
async function refetch(url, chart, type) {
  const since = type === "samples" && chart.since ? chart.since() : null;
  const answer = await fetch(since === null ? url : `${url}?since=${since}`, { credentials: "same-origin", redirect: "error" }).catch(() => null);
  if (answer?.ok) chart.update(await answer.json());
}

/* Redraw when the figure's width changes. */
export function onResize(element, draw) {
  let width = element.clientWidth;
  new ResizeObserver(() => {
    if (element.clientWidth === width || !element.clientWidth) return;
    width = element.clientWidth;
    draw(width);
  }).observe(element);
}
