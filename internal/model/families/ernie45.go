package families

import "malmoi/internal/model"

// ernie45 is ERNIE 4.5 (dense): Llama with the rotation on neighbouring pairs
// in both file formats. Reference: transformers, models/ernie4_5.
var ernie45 = model.Family{
	Name:  "ernie4_5",
	GGUF:  []string{"ernie4_5"},
	HF:    []string{"ernie4_5"},
	Build: func(l *model.Loader) model.Net { return newLlama(l, true) },
}
