/**
 * Until when a first alignment is waited for before the views are shown side by side. The networks' own start does not
 * count against the time for aligning, within reason: a busy machine takes seconds.
 * @param liveUs since when there are pictures
 * @param networksUs when the networks were loaded, undefined while they are not
 */
export function alignDeadlineUs(liveUs: number, networksUs: number | undefined, timeoutUs: number): number {
  const latestUs = liveUs + 4 * timeoutUs;
  return networksUs === undefined ? latestUs : Math.min(latestUs, Math.max(liveUs, networksUs) + timeoutUs);
}
