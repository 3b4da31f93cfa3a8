// Runs before the first paint, so that a dark room never sees a white flash.
// Reads what src/lib/store/settings.svelte.ts wrote.
(function () {
  var s = {};
  try {
    s = JSON.parse(localStorage.getItem('malmoi.settings') || '{}') || {};
  } catch (e) {
    s = {};
  }
  var root = document.documentElement;
  if (s.theme === 'light' || s.theme === 'dark') root.dataset.theme = s.theme;
  if (s.fontSize === 'small' || s.fontSize === 'large') root.dataset.size = s.fontSize;
  var lang = s.language === 'ko' || s.language === 'en' ? s.language : /^ko(-|$)/i.test(navigator.language || '') ? 'ko' : 'en';
  root.lang = lang;
})();
