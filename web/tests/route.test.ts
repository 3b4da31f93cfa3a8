import { describe, expect, it } from 'vitest';
import { parse } from '../src/lib/route.svelte';

describe('parse', () => {
  it.each([
    ['/', { screen: 'chat', id: '' }],
    ['/c/0123456789abcdef', { screen: 'chat', id: '0123456789abcdef' }],
    ['/s/tok_en-1', { screen: 'shared', token: 'tok_en-1' }],
    ['/invite/abc', { screen: 'invite', token: 'abc' }],
    ['/admin', { screen: 'admin', page: '' }],
    ['/admin/users', { screen: 'admin', page: 'users' }],
    ['/settings/keys', { screen: 'settings', page: 'keys' }],
    ['/settings/', { screen: 'settings', page: '' }],
    ['/c/', { screen: 'lost' }],
    ['/c/a/b', { screen: 'lost' }],
    ['/c/<script>', { screen: 'lost' }],
    ['/admin/../c', { screen: 'lost' }],
    [`/c/${'x'.repeat(200)}`, { screen: 'lost' }],
  ])('%s', (path, route) => expect(parse(path)).toEqual(route));

  it('/login with what went wrong', () => {
    expect(parse('/login', '?error=forbidden')).toEqual({ screen: 'login', error: 'forbidden' });
    expect(parse('/login')).toEqual({ screen: 'login', error: '' });
  });
});
