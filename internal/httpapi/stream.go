package httpapi

import (
	"net/http"

	"malmoi/internal/httpapi/openai"
	"malmoi/internal/llm"
)

// chunker turns the events of an answer into the chunks of OpenAI's older
// streams, which are data events without a name.
type chunker[C any] interface {
	Chunks(llm.Event) []C
	UsageChunk(llm.Usage) C
}

// streamChunks sends an answer as it is made. An error that comes before the
// first chunk is returned and becomes a plain error answer; a later one becomes
// an error event. [DONE] is last either way.
func streamChunks[C any](s *Server, w http.ResponseWriter, r *http.Request, st llm.Stream, src chunker[C], usage bool) error {
	out := s.events(w)
	take := func(e llm.Event) error {
		for _, c := range src.Chunks(e) {
			if err := out.send("", c); err != nil {
				return err
			}
		}
		return nil
	}
	err := s.follow(r.Context(), st, take, func() error { return out.comment("waiting") })
	if err == nil && usage {
		err = out.send("", src.UsageChunk(st.Usage()))
	}
	if err == nil {
		return out.raw("", []byte("[DONE]"))
	}
	if e := wireError(err); out.Begun() && e.Status != statusGone {
		if out.send("", openai.NewError(e)) == nil {
			out.raw("", []byte("[DONE]"))
		}
	}
	return err
}
