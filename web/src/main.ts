import { mount } from 'svelte';
import App from './components/App.svelte';
import './fonts.css';
import './app.css';
import './code.css';

mount(App, { target: document.getElementById('app') as HTMLElement });
