package pii

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// Nothing that points to a person reaches the log, whichever way it is given.
func TestLogHoldsNoPersonalNumbers(t *testing.T) {
	secrets := []string{"010-1234-5678", "hong@example.com", "900101-1234567"}
	for _, form := range []string{"text", "json"} {
		var b bytes.Buffer
		var h slog.Handler = slog.NewTextHandler(&b, nil)
		if form == "json" {
			h = slog.NewJSONHandler(&b, nil)
		}
		log := slog.New(Log(h))
		for _, s := range secrets {
			log.Info("전화 "+s, "a", s)
			log.With("b", "x "+s).Warn("m", "error", fmt.Errorf("wrapped: %w", errors.New(s)))
			log.WithGroup("g").Error("m", slog.Group("in", "c", s), "list", []string{s}, "stack", []byte(s))
		}
		log.Info("kept", "id", "req_0123456789abcdef", "ms", 1012345678)
		for _, s := range secrets {
			if strings.Contains(b.String(), s) {
				t.Errorf("%s: the log has %s:\n%s", form, s, b.String())
			}
		}
		if got := b.String(); strings.Count(got, "[전화번호]") < 6 || !strings.Contains(got, "req_0123456789abcdef") || !strings.Contains(got, "1012345678") {
			t.Errorf("%s: the log lost what it should keep:\n%s", form, got)
		}
	}
}
