import { mount } from 'svelte';
import App from './components/App.svelte';
import './fonts.css';
import './app.css';
import './code.css';

mount(App, { target: document.getElementById('app') as HTMLElement });

// The shell opens without a network, where the browser allows it (https or this machine).
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => {}));
}
