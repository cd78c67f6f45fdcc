import type { Page } from 'playwright-core';

/**
 * What a person with poor sight, a small screen, a keyboard or a screen reader would stumble over on a page, one line each:
 * text of too little contrast (WCAG 2.2, 1.4.3), controls without a name (4.1.2) or too small (2.5.8), pictures without a
 * text (1.1.1), missing or doubled landmarks and ids, content that hangs over the side (1.4.10).
 */
export function pageFaults(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    type Colour = readonly [number, number, number, number];
    const colourOf = (css: string): Colour => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = css;
      context.fillRect(0, 0, 1, 1);
      const [r = 0, g = 0, b = 0, a = 0] = context.getImageData(0, 0, 1, 1).data;
      return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a]: Colour, [R, G, B]: Colour): Colour => [
      r * a + R * (1 - a),
      g * a + G * (1 - a),
      b * a + B * (1 - a),
      1,
    ];
    const ground = (element: Element): Colour => {
      const own = colourOf(getComputedStyle(element).backgroundColor);
      if (own[3] === 1) return own;
      const below = element.parentElement === null ? ([255, 255, 255, 1] as const) : ground(element.parentElement);
      return over(own, below);
    };
    const luminance = (colour: Colour): number => {
      const [r, g, b] = colour.slice(0, 3).map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      }) as [number, number, number];
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const isVisible = (element: Element): boolean =>
      element.checkVisibility({ visibilityProperty: true }) && element.getBoundingClientRect().right > 0;
    const say = (element: Element): string =>
      `<${element.tagName.toLowerCase()}> "${(element.textContent ?? '').trim().slice(0, 40)}"`;

    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const element = node.parentElement!;
      if ((node.textContent ?? '').trim() === '' || !isVisible(element)) continue;
      if (element.closest('button:disabled, script, style, template') !== null) continue;
      const style = getComputedStyle(element);
      const behind = ground(element);
      const [dark, light] = [luminance(behind), luminance(over(colourOf(style.color), behind))].toSorted(
        (a, b) => a - b,
      );
      const ratio = (light! + 0.05) / (dark! + 0.05);
      const sizePx = Number.parseFloat(style.fontSize);
      const isLarge = sizePx >= 24 || (sizePx >= 18.6 && Number(style.fontWeight) >= 700);
      if (ratio < (isLarge ? 3 : 4.5)) faults.push(`contrast ${ratio.toFixed(2)}: ${say(element)}`);
    }
    for (const control of document.querySelectorAll('a, button, input, select, summary')) {
      if (!isVisible(control) || control.closest('[aria-hidden=true]') !== null) continue;
      const labels = [...((control as HTMLInputElement).labels ?? [])].map((label) => label.textContent);
      const name = [control.getAttribute('aria-label'), control.textContent, ...labels].join('').trim();
      if (name === '') faults.push(`no name: ${control.outerHTML.slice(0, 80)}`);
      const { width, height } = control.getBoundingClientRect();
      const isInline = getComputedStyle(control).display === 'inline';
      if (!isInline && (width < 24 || height < 24)) faults.push(`only ${width} × ${height} px: ${say(control)}`);
    }
    for (const image of document.querySelectorAll('img:not([alt])'))
      faults.push(`no alt: ${image.outerHTML.slice(0, 80)}`);
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    for (const id of new Set(ids.filter((value, at) => ids.indexOf(value) !== at)))
      faults.push(`the id ${id} is doubled`);
    for (const one of ['h1', 'main', 'header']) {
      if (document.querySelectorAll(one).length !== 1) faults.push(`there is not exactly one <${one}>`);
    }
    if (document.documentElement.lang === '') faults.push('the language is not named');
    if (document.title === '') faults.push('there is no title');
    const overhang = document.documentElement.scrollWidth - window.innerWidth;
    if (overhang > 0) faults.push(`${overhang} px hang over the side`);
    return faults;
  });
}

/** What the Tab key reaches, in order, by name: until it comes round, at most `limit` stops. Each stop shows where it is. */
export async function tabStops(page: Page, limit = 60): Promise<{ name: string; isMarked: boolean }[]> {
  const stops: { name: string; isMarked: boolean }[] = [];
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  for (let at = 0; at < limit; at += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return undefined;
      const label = (element as HTMLInputElement).labels?.[0]?.textContent;
      const name = element.getAttribute('aria-label') ?? label ?? element.textContent ?? '';
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { name: name.trim(), isMarked: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 };
    });
    if (stop === undefined) break;
    stops.push(stop);
  }
  return stops;
}
