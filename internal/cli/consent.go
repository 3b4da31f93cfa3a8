package cli

import (
	"bufio"
	"fmt"
	"strings"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/pull"
)

// agree shows a licence that wants consent and asks for it. Only a person at a
// terminal can answer; a script says so beforehand with --accept-licence.
func agree(env *Env, title string, l catalog.Licence, accept bool) error {
	w := env.Stderr
	fmt.Fprintf(w, "%s comes under its own licence:\n  %s\n  %s\n", title, l.Name, l.URL)
	if l.Summary != "" {
		fmt.Fprintf(w, "  In short (ours, not a replacement for the text): %s\n", l.Summary)
	}
	if accept {
		fmt.Fprintln(w, "  accepted with --accept-licence")
		return nil
	}
	refused := fmt.Errorf("%s: %w", title, pull.ErrRefused)
	if !isTerminal(env.Stdin) {
		return refused
	}
	fmt.Fprint(w, "동의하십니까? Do you accept it? [y/N] ")
	answer, _ := bufio.NewReader(env.Stdin).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "예", "네":
		return nil
	}
	return refused
}
