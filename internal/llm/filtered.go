package llm

import "strings"

// FinishFiltered is the Finish of a choice that a text filter ended; what came
// before it stays.
const FinishFiltered = "content_filter"

// FilteredError says that a text filter refused a request before any model
// read it.
type FilteredError struct{ Groups []string }

func (e *FilteredError) Error() string {
	return "the text filter of this site refused the request (" + strings.Join(e.Groups, ", ") + "); write it in other words"
}
