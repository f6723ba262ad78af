/**
 * Results as pictures: SVG that stands on GitHub's light and dark pages, with each line labelled where it ends.
 *
 * A library would bring a document object model along, or a grammar of graphics, for three pictures of lines and bars.
 *
 * @module
 */

/** A line, or a point where there is one value only. */
export interface Line {
  readonly name: string;
  /** Positive numbers: both axes are logarithmic. */
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly tone: Tone;
}

/** Ours, the floor below everybody, and the others by how they work. */
export type Tone = "ours" | "floor" | "once" | "each";

/** A panel of lines. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

/** A bar from zero. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly label: string;
  readonly tone: Tone;
  /** Between what the value lies, where that is known. */
  readonly bounds?: readonly [low: number, high: number];
}

interface Frame {
  readonly title: string;
  readonly caption: string;
  /** What the colors mean. */
  readonly key?: Readonly<Partial<Record<Tone, string>>>;
}

const FONT = 12;
/** Labels of neighbouring lines are at least so far apart. */
const LABEL_HEIGHT = 14;
/** The width of a character, rather more than less: bold ones are wider. */
const CHARACTER = 7.3;
const MARGIN = { left: 62, right: 12, top: 84, bottom: 40 };

// A page's scheme is the reader's system's, GitHub's may be another one: the ground is drawn too.
const STYLE = `
  svg { color-scheme: light dark; --ground: #ffffff; --text: #1f2328; --faint: #59636e; --grid: #e3e6ea;
    --ours: #0b57d0; --floor: #59636e; --once: #1a7f37; --each: #b3400b; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #0d1117; --text: #f0f6fc; --faint: #9198a1; --grid: #262c36;
      --ours: #6cb0ff; --floor: #9198a1; --once: #4cc261; --each: #f0884d; }
  }
  text { font: ${FONT}px system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: var(--text); }
  .halo { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; stroke-linejoin: round; }
  .title { font-size: 15px; font-weight: 600; } .faint { fill: var(--faint); } .ours { font-weight: 600; }
  .grid { stroke: var(--grid); } .line { fill: none; stroke-width: 1.5; } .line.ours { stroke-width: 3; }
  .line.floor { stroke-dasharray: 5 4; } .leader { stroke-width: 0.75; opacity: 0.6; }
  .bounds { stroke: var(--text); stroke-width: 1.5; }
${
  ["ours", "floor", "once", "each"].map((tone) =>
    `  .line.${tone}, .leader.${tone} { stroke: var(--${tone}); } ` +
    `text.${tone}, tspan.${tone}, circle.${tone}, rect.${tone} { fill: var(--${tone}); }`
  ).join("\n")
}`;

/** Panels of lines side by side, both axes logarithmic, with the same scale. */
export function linePlot(
  panels: readonly Panel[],
  frame: Frame & {
    readonly yTick: (value: number) => string;
    readonly xLabel: string;
    readonly width?: number;
    readonly height?: number;
  },
): string {
  const { width = 860, height = 520, yTick, xLabel } = frame;
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points));
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [10 ** Math.floor(Math.log10(Math.min(...ys))), Math.max(...ys) * 1.2];
  const panelWidth = width / panels.length;
  const body = panels.map((panel, index) => {
    const ends = panel.lines.filter(({ points }) => points.at(-1)![0] === right);
    const room = CHARACTER * Math.max(...ends.map(({ name }) => name.length)) + 16;
    const area = {
      left: index * panelWidth + MARGIN.left,
      right: (index + 1) * panelWidth - MARGIN.right - room,
      top: MARGIN.top + (panel.title === "" ? 0 : 18),
      bottom: height - MARGIN.bottom,
    };
    const x = (value: number) =>
      area.left + Math.log(value / left) / Math.log(right / left) * (area.right - area.left);
    const y = (value: number) =>
      area.bottom - Math.log(value / low) / Math.log(high / low) * (area.bottom - area.top);
    const title = panel.title === "" ? "" : text(area.left, area.top - 12, panel.title, "faint");
    const grid = ticks(low, high).map((value) =>
      `<line class="grid" x1="${n(area.left)}" x2="${n(area.right)}" y1="${n(y(value))}" y2="${
        n(y(value))
      }"/>` +
      text(area.left - 8, y(value) + 4, yTick(value), "faint", "end")
    );
    const marks = [...new Set([left, ...decades(left, right)])].map((value) =>
      text(x(value), area.bottom + 18, value.toLocaleString("en-US"), "faint", "middle")
    );
    const axis = text((area.left + area.right) / 2, area.bottom + 34, xLabel, "faint", "middle");
    // Ours last, over the others.
    const sorted = panel.lines.toSorted((a, b) => Number(a.tone === "ours") - Number(b.tone === "ours"));
    const drawn = sorted.map((line) => {
      const path = line.points.map(([px, py], at) => `${at === 0 ? "M" : "L"}${n(x(px))} ${n(y(py))}`).join(
        "",
      );
      const [endX, endY] = line.points.at(-1)!;
      return `<path class="line ${line.tone}" d="${path}"/>` +
        `<circle class="${line.tone}" cx="${n(x(endX))}" cy="${n(y(endY))}" r="${
          line.tone === "ours" ? 3.5 : 2.5
        }"/>`;
    });
    return [title, ...grid, ...marks, axis, ...drawn, ...labels(panel.lines, x, y, area)].join("\n");
  });
  return svg(width, height, frame, body.join("\n"));
}

interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A name at the end of each line; where lines end close together, moved apart and led back by a thin line. */
function labels(
  lines: readonly Line[],
  x: (value: number) => number,
  y: (value: number) => number,
  area: Area,
): string[] {
  const placed: { left: number; right: number; at: number }[] = [];
  const byEnd = [...Map.groupBy(lines, ({ points }) => points.at(-1)![0])].sort(([a], [b]) => b - a);
  return byEnd.flatMap(([endX, group]) => {
    const sorted = group.map((line) => ({ line, at: y(line.points.at(-1)![1]) })).sort((a, b) => a.at - b.at);
    const places = spread(sorted.map(({ at }) => at), area.top, area.bottom);
    return sorted.map(({ line, at }, index) => {
      const start = x(endX) + 4;
      const box = { left: start + 11, right: start + 11 + line.name.length * CHARACTER, at: places[index]! };
      // Above the names of lines that end further to the right, where it would run into one of them.
      const inTheWay = () =>
        placed.find((other) =>
          other.left < box.right && box.left < other.right && Math.abs(other.at - box.at) < LABEL_HEIGHT
        );
      for (let other = inTheWay(); other !== undefined; other = inTheWay()) box.at = other.at - LABEL_HEIGHT;
      placed.push(box);
      const leader = `<line class="leader ${line.tone}" x1="${n(start)}" y1="${n(at)}" x2="${
        n(start + 8)
      }" y2="${n(box.at)}"/>`;
      return leader + text(box.left, box.at + 4, line.name, `${line.tone} halo`);
    });
  });
}

/** `wanted` heights, in order, moved apart to `LABEL_HEIGHT` and kept between `top` and `bottom`. */
export function spread(wanted: readonly number[], top: number, bottom: number): number[] {
  // Neighbours that are too close become one block around the middle of what its members want.
  let blocks = wanted.map((place) => ({ sum: place, count: 1 }));
  const start = ({ sum, count }: { sum: number; count: number }) => {
    const height = (count - 1) * LABEL_HEIGHT;
    return Math.max(top, Math.min(bottom - height, sum / count - height / 2));
  };
  for (let merged = true; merged;) {
    merged = false;
    const next: typeof blocks = [];
    for (const block of blocks) {
      const last = next.at(-1);
      if (last !== undefined && start(last) + last.count * LABEL_HEIGHT > start(block)) {
        next[next.length - 1] = { sum: last.sum + block.sum, count: last.count + block.count };
        merged = true;
      } else next.push(block);
    }
    blocks = next;
  }
  return blocks.flatMap((block) =>
    Array.from({ length: block.count }, (_, index) => start(block) + index * LABEL_HEIGHT)
  );
}

/** Groups of bars from zero, one scale for all. */
export function barPlot(
  groups: readonly { readonly title: string; readonly bars: readonly Bar[] }[],
  frame: Frame & { readonly width?: number },
): string {
  const { width = 860 } = frame;
  const bars = groups.flatMap((group) => group.bars);
  const nameRoom = CHARACTER * Math.max(...bars.map(({ name }) => name.length)) + 24;
  const labelRoom = CHARACTER * Math.max(...bars.map(({ label }) => label.length)) + 16;
  const scale = (width - nameRoom - labelRoom) /
    Math.max(...bars.map(({ value, bounds }) => bounds?.[1] ?? value));
  let top = MARGIN.top - 20;
  const body: string[] = [];
  for (const group of groups) {
    body.push(text(16, top + 14, group.title, "faint"));
    top += 24;
    for (const { name, value, label, tone, bounds } of group.bars) {
      const [low, high] = (bounds ?? [value, value]).map((bound) => n(nameRoom + bound * scale));
      body.push(
        text(nameRoom - 8, top + 14, name, tone === "ours" ? "ours" : "", "end") +
          `<rect class="${tone}" x="${n(nameRoom)}" y="${n(top + 2)}" width="${
            n(value * scale)
          }" height="16" rx="2"/>` +
          (bounds === undefined
            ? ""
            : `<path class="bounds" d="M${low} ${n(top + 10)}H${high}M${low} ${n(top + 6)}v8M${high} ${
              n(top + 6)
            }v8"/>`) +
          text(
            nameRoom + Math.max(value, bounds?.[1] ?? 0) * scale + 8,
            top + 14,
            label,
            tone === "ours" ? "ours" : "",
          ),
      );
      top += 24;
    }
    top += 10;
  }
  return svg(width, top + 8, frame, body.join("\n"));
}

function svg(width: number, height: number, { title, caption, key = {} }: Frame, body: string): string {
  const meanings = Object.entries(key).map(([tone, meaning]) =>
    `<tspan class="${tone}">${escape(meaning)}</tspan>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${
    n(height)
  }" width="${width}" height="${n(height)}" role="img" aria-label="${escape(title)}">
<style>${STYLE}
</style>
<rect width="100%" height="100%" rx="6" style="fill: var(--ground)"/>
${text(16, 26, title, "title")}
${text(16, 45, caption, "faint")}
<text x="16" y="63">${meanings.join(" · ")}</text>
${body}
</svg>
`;
}

function text(x: number, y: number, content: string, tone: string, anchor = "start"): string {
  return `<text class="${tone}" x="${n(x)}" y="${n(y)}" text-anchor="${anchor}">${escape(content)}</text>`;
}

function decades(low: number, high: number): number[] {
  const found: number[] = [];
  for (let power = Math.ceil(Math.log10(low)); 10 ** power <= high; power++) found.push(10 ** power);
  return found;
}

/** Where a scale is marked: at each power of ten, and between them where there are few. */
function ticks(low: number, high: number): number[] {
  const powers = decades(low, high);
  if (high / low > 500) return powers;
  return powers.flatMap((power) => [power, 2 * power, 5 * power]).filter((value) => value <= high);
}

const n = (value: number) => Number(value.toFixed(1)).toString();
const escape = (content: string) =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
