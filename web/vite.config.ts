import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// KaTeX names every font in three formats. All browsers that run this page
// read WOFF2, so the other two would only make the binary bigger.
function onlyWoff2(): Plugin {
  return {
    name: 'only-woff2',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('katex') || !id.includes('.css')) return null;
      return { code: code.replace(/,url\([^)]*\.(?:woff|ttf)\)\s*format\("[a-z]+"\)/g, ''), map: null };
    },
  };
}

export default defineConfig({
  plugins: [onlyWoff2(), svelte()],
  build: {
    outDir: '../internal/webui/dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // the page's content policy allows fonts from itself only
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 400,
    rollupOptions: {
      output: {
        // Python has a folder of its own: finish.mjs packs it and holds it to its own limit.
        assetFileNames: (asset) =>
          asset.names.some((n) => /^(pyodide|python_stdlib)\b/.test(n)) ? 'assets/python/[name]-[hash][extname]' : 'assets/[name]-[hash][extname]',
      },
    },
  },
  server: {
    proxy: Object.fromEntries(['/v1', '/api', '/tokenize'].map((p) => [p, 'http://127.0.0.1:8080'])),
  },
  test: {
    include: ['tests/**/*.test.ts'],
    environment: 'jsdom',
    testTimeout: 20_000, // the machine may be busy with the rest of the tests
  },
  resolve: process.env.VITEST ? { conditions: ['browser'] } : undefined,
});
