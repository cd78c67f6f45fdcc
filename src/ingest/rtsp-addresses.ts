import type { RtspResponse } from '../media/rtsp-message.ts';

/**
 * The address that relative `a=control` values of a DESCRIBE reply refer to: Content-Base, Content-Location, the address
 * that was asked (RFC 2326 §C.1.1). Values that are no RTSP address are ignored, user and password are taken out.
 */
export function controlBase(response: RtspResponse, requested: string): string {
  const named = [response.headers.get('Content-Base'), response.headers.get('Content-Location')];
  return named.map((value) => absolute(value?.trim() ?? '')).find((value) => value !== undefined) ?? requested;
}

/** The address of a track or of the session. `*` and no control at all mean the base itself. */
export function controlAddress(base: string, control: string | undefined): string {
  if (control === undefined || control === '' || control === '*') return base;
  const whole = absolute(control);
  if (whole !== undefined) return whole;
  // Cameras expect the value after the base, query and all, as players have always sent it.
  return `${base.replace(/\/$/, '')}/${control.replace(/^\//, '').replaceAll(/\s/g, '')}`;
}

function absolute(value: string): string | undefined {
  const match = /^(rtsps?:\/\/)(?:[^/?#@]*@)?([^\s]+)$/i.exec(value);
  return match === null ? undefined : `${(match[1] ?? '').toLowerCase()}${match[2] ?? ''}`;
}
