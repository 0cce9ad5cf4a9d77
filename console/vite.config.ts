import { defineConfig } from 'vitest/config';
import { compressed } from './build/compress';

export default defineConfig({
  base: '/console/',
  esbuild: { jsx: 'automatic' },
  build: {
    outDir: 'dist/site',
    emptyOutDir: true,
    // Everything the page loads is a file of its own: the policy of the page lets in nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    rollupOptions: {
      onwarn(warning, warn) {
        // The components say where a server would render them; ours renders nothing.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') {
          warn(warning);
        }
      },
    },
    chunkSizeWarningLimit: 1000,
  },
  plugins: [compressed()],
  test: { include: ['tests/unit/**/*.test.ts'], environment: 'node' },
});
