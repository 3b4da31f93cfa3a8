package app

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// maxFileName bounds a name in a header, in bytes.
const maxFileName = 200

// disposition is the Content-Disposition of a file that is saved under a name
// in any script (RFC 6266 §4.3, RFC 8187). Old programs read the ASCII form.
func disposition(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if len(name) > maxFileName { // the end holds the extension
		name = strings.ToValidUTF8(name[len(name)-maxFileName:], "")
	}
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '%' {
			return '_'
		}
		return r
	}, name)
	return fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, plain, strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
}
